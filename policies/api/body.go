package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/stanch-dev/stanch/policies/exactjson"
)

// refusal is why a request is not answered.
type refusal struct {
	status int
	reason string
}

// Error returns the reason.
func (r *refusal) Error() string { return r.reason }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// readBody returns the JSON of a request, checked. It may be empty.
func readBody(r *http.Request) ([]byte, *refusal) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, "a body must not be compressed")
	}
	text, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", MaxBody)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body could not be read")
	case len(bytes.TrimSpace(text)) == 0:
		return nil, nil
	}
	return text, checked(text)
}

// checked refuses JSON that two readers could understand differently, or that is more
// than a request needs.
func checked(text []byte) *refusal {
	if err := exactjson.Check(text, "body", false); err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	return nil
}

// decode reads checked JSON, with numbers as they are written.
func decode(text []byte) (doc any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return doc, dec.Decode(&doc)
}
