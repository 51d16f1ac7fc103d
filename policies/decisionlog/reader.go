package decisionlog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/policies"
)

// MaxLine is how long a line of a decision log may be, in bytes, after it was
// decompressed.
const MaxLine = 16 << 20

// Entry is an event that was read back.
type Entry struct {
	Line       int // where it stands, from 1
	ID         string
	Time       time.Time
	Path       string              // the rule that decided
	Entrypoint policies.Entrypoint // of Path; empty if it is none of ours
	Bundles    map[string]Bundle   // the policies that decided, by name
	Input      policies.Input      // nil if there is none that can be read
	Result     json.RawMessage     // what was decided; nil if it was erased
	Error      *Error              // why the policy could not decide; nil if it could
	Cached     bool
	Erased     []string // what masks removed
	Masked     []string // what masks replaced
}

// Replayable returns nil if the same policies, given Input, must come to Result, or
// why that cannot be said.
func (e *Entry) Replayable() error {
	switch {
	case e.Entrypoint == "":
		return fmt.Errorf("decision %s was not made by a rule of stanch", e.ID)
	case len(e.Erased) > 0:
		return fmt.Errorf("decision %s was logged without %s", e.ID, strings.Join(e.Erased, ", "))
	case len(e.Masked) > 0:
		return fmt.Errorf("decision %s was logged with %s masked", e.ID, strings.Join(e.Masked, ", "))
	case e.Input == nil || e.Result == nil:
		return fmt.Errorf("decision %s was logged without its input or result", e.ID)
	}
	return nil
}

// LineError says that one line could not be read. Those after it can.
type LineError struct {
	Line int
	Err  error
}

// Error returns the line and what is wrong with it; it quotes nothing of the line.
func (e *LineError) Error() string { return fmt.Sprintf("decision log, line %d: %v", e.Line, e.Err) }

// Unwrap returns Err.
func (e *LineError) Unwrap() error { return e.Err }

// Reader reads decision logs: the JSON lines of Lines, the uploads of OPA and of
// Upload (JSON arrays), each as it is or compressed with gzip. It holds one line in
// memory. Not safe for concurrent use.
type Reader struct {
	lines   *bufio.Reader
	line    int
	waiting []json.RawMessage // events of the array in this line
	err     error             // reading is over
}

// NewReader returns a reader of r.
func NewReader(r io.Reader) *Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	magic, _ := in.Peek(2)
	if string(magic) != "\x1f\x8b" {
		return &Reader{lines: in}
	}
	zip, err := gzip.NewReader(in)
	if err != nil {
		return &Reader{err: fmt.Errorf("decision log: %w", err)}
	}
	return &Reader{lines: bufio.NewReaderSize(zip, 64<<10)}
}

// Next returns the next event. The error is io.EOF at the end, a *LineError if this
// line is wrong and reading can go on, or one that ends it.
func (r *Reader) Next() (*Entry, error) {
	for len(r.waiting) == 0 {
		if r.err != nil {
			return nil, r.err
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
	text := r.waiting[0]
	r.waiting = r.waiting[1:]
	e, err := parseEntry(text)
	if err != nil {
		return nil, &LineError{r.line, err}
	}
	e.Line = r.line
	return e, nil
}

// fill reads one line, which may hold no event, one, or an array of them.
func (r *Reader) fill() error {
	text, err := r.readLine()
	if err != nil {
		return err
	}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return nil
	case text[0] != '[':
		r.waiting = []json.RawMessage{text}
		return nil
	}
	if err := json.Unmarshal(text, &r.waiting); err != nil {
		r.waiting = nil
		return &LineError{r.line, errors.New("not a JSON array of events")}
	}
	return nil
}

// readLine returns the next line. After one that is too long it stands at the next.
func (r *Reader) readLine() (line []byte, err error) {
	r.line++
	tooLong := false
	for {
		part, err := r.lines.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > MaxLine; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			r.err = fmt.Errorf("decision log, line %d: %w", r.line, err)
			return nil, r.err
		case err != nil:
			r.err = io.EOF
		}
		if tooLong {
			return nil, &LineError{r.line, fmt.Errorf("longer than %d MiB", MaxLine>>20)}
		}
		return line, nil
	}
}

// recorded is what is read of an Event. Whatever else OPA writes is passed over.
type recorded struct {
	DecisionID string            `json:"decision_id"`
	Bundles    map[string]Bundle `json:"bundles"`
	Path       string            `json:"path"`
	Input      json.RawMessage   `json:"input"`
	Result     json.RawMessage   `json:"result"`
	Erased     []string          `json:"erased"`
	Masked     []string          `json:"masked"`
	Error      json.RawMessage   `json:"error"`
	Timestamp  time.Time         `json:"timestamp"`
	Custom     map[string]any    `json:"custom"`
}

func parseEntry(text []byte) (*Entry, error) {
	var r recorded
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, errors.New("not an event of a decision log")
	}
	if r.DecisionID == "" || r.Timestamp.IsZero() {
		return nil, errors.New("an event has at least a decision_id and a timestamp")
	}
	e := &Entry{ID: r.DecisionID, Time: r.Timestamp, Path: r.Path, Bundles: r.Bundles, Result: r.Result, Erased: r.Erased, Masked: r.Masked}
	e.Cached, _ = r.Custom[customCached].(bool)
	e.Entrypoint, _ = policies.EntrypointOf(r.Path)
	if given(r.Error) {
		e.Error = &Error{}
		if json.Unmarshal(r.Error, e.Error) != nil { // OPA's errors have many forms
			e.Error = &Error{Message: "not in the form of an error"}
		}
	}
	if !given(r.Result) {
		e.Result = nil
	}
	if e.Entrypoint == "" || !given(r.Input) {
		return e, nil
	}
	in, err := policies.ParseInput(e.Entrypoint, r.Input)
	if err != nil && !slices.ContainsFunc(r.Masked, inInput) && !slices.ContainsFunc(r.Erased, inInput) {
		return nil, err
	}
	if err == nil {
		e.Input = in
	}
	return e, nil
}

// given reports whether a document is there.
func given(text json.RawMessage) bool { return len(text) > 0 && string(text) != "null" }

// inInput reports whether a mask's path is of the input.
func inInput(path string) bool { return path == "/input" || strings.HasPrefix(path, "/input/") }
