package logical

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is what a client is told. Its text must not hold a secret.
type Error struct {
	Status int
	Text   string
	Data   map[string]any // beside the text; nil for none
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Errors whose texts are Vault's, since clients look for them.
var (
	ErrDenied      = &Error{Status: http.StatusForbidden, Text: "permission denied"}
	ErrUnsupported = &Error{Status: http.StatusMethodNotAllowed, Text: "unsupported operation"}
	ErrNoPath      = &Error{Status: http.StatusNotFound, Text: "unsupported path"}
)

// Invalid returns an error for a request that is wrong: 400.
func Invalid(format string, args ...any) error {
	return &Error{Status: http.StatusBadRequest, Text: fmt.Sprintf(format, args...)}
}

// Status returns the status and the text for an error. What is not an *Error is 500,
// and its text stays here.
func Status(err error) (int, string) {
	var e *Error
	if errors.As(err, &e) {
		return e.Status, e.Text
	}
	return http.StatusInternalServerError, "internal error"
}
