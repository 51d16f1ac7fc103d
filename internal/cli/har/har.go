// Package har reads recorded exchanges, as browsers and proxies save them: HAR 1.2.
//
// A recording holds exchanges in a form of its own: contents are decoded already
// (their Content-Encoding tells of the past), fields may be those of HTTP/2, contents
// may have been left out. [Entry.Request] and [Entry.Response] make of it what would be
// on the wire, and tell what the recording lacks.
package har

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxSize is how long a recording may be, in bytes.
const MaxSize = 256 << 20

// maxEntries is how many exchanges are read of a recording.
const maxEntries = 100_000

// ErrTooLong is for recordings above MaxSize, or with more than 100,000 exchanges.
var ErrTooLong = errors.New("the recording is too long: it may have 256 MiB and 100000 exchanges")

// Entry is one recorded exchange.
type Entry struct {
	request  request
	response response
}

type request struct {
	Method      string  `json:"method"`
	URL         string  `json:"url"`
	HTTPVersion string  `json:"httpVersion"`
	Headers     []field `json:"headers"`
	PostData    *posted `json:"postData"`
	BodySize    int     `json:"bodySize"` // -1: not known
}

type response struct {
	Status      int     `json:"status"`
	StatusText  string  `json:"statusText"`
	HTTPVersion string  `json:"httpVersion"`
	Headers     []field `json:"headers"`
	Content     content `json:"content"`
}

type field struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	FileName string `json:"fileName"` // of an uploaded file
}

type posted struct {
	MimeType string  `json:"mimeType"`
	Text     string  `json:"text"`
	Params   []field `json:"params"` // instead of the text, for forms
	Encoding string  `json:"encoding"`
}

type content struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"encoding"`
}

// Read calls each with the exchanges of a recording, numbered from 1, until it fails.
// It holds one exchange at a time. No error shows content.
func Read(r io.Reader, each func(n int, e *Entry) error) error {
	return read(r, MaxSize, each)
}

func read(r io.Reader, size int64, each func(n int, e *Entry) error) error {
	limited := &io.LimitedReader{R: r, N: size + 1}
	dec := json.NewDecoder(limited)
	found, err := seek(dec, "log")
	if err == nil && found {
		found, err = seek(dec, "entries")
	}
	switch {
	case err != nil:
		return wrong(err, limited)
	case !found:
		return errors.New("not a recording: it has no log.entries")
	}
	if err := open(dec, '['); err != nil {
		return wrong(err, limited)
	}
	for n := 1; dec.More(); n++ {
		if n > maxEntries {
			return ErrTooLong
		}
		var entry struct {
			Request  request  `json:"request"`
			Response response `json:"response"`
		}
		if err := dec.Decode(&entry); err != nil {
			return fmt.Errorf("exchange %d: %w", n, wrong(err, limited))
		}
		if err := each(n, &Entry{entry.Request, entry.Response}); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return wrong(err, limited)
}

// seek moves to the value of a key in the object that comes next, and reports whether
// it has that key. What stands behind the value is not read.
func seek(dec *json.Decoder, key string) (bool, error) {
	if err := open(dec, '{'); err != nil {
		return false, err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return false, err
		}
		if name == key {
			return true, nil
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return false, err
		}
	}
	_, err := dec.Token()
	return false, err
}

var errShape = errors.New("an object or a list is not where it should be")

func open(dec *json.Decoder, bracket json.Delim) error {
	token, err := dec.Token()
	if err == nil && token != bracket {
		err = errShape
	}
	return err
}

// wrong tells what is wrong without showing content, as the errors of JSON do.
func wrong(err error, limited *io.LimitedReader) error {
	var syntax *json.SyntaxError
	var types *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case limited.N <= 0:
		return ErrTooLong
	case errors.As(err, &syntax):
		return fmt.Errorf("not a recording: its JSON is broken near byte %d", syntax.Offset)
	case errors.As(err, &types):
		return fmt.Errorf("not a recording: %s is of another type near byte %d", types.Field, types.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not a recording: it ends too early")
	}
	return err
}
