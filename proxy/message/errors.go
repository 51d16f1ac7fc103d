package message

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// RefusedError is for a message that must not pass. It tells nothing of the content.
type RefusedError struct {
	Direction string // request or response
	Err       error  // why: an error of package codec, or of this one
}

// Error says why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the %s does not pass: %v", e.Direction, e.Err)
}

// Unwrap returns Err.
func (e *RefusedError) Unwrap() error { return e.Err }

// Status returns the status that tells a client of a failure: 415 for a request in an
// unknown coding, 413 for one over a limit, 400 for one that is not what it says, 403
// for one that was blocked, and 502 for whatever is wrong with a response or with us.
func Status(err error) int {
	var refused *RefusedError
	var blocked *redact.BlockedError
	var unknown *codec.UnknownCodingError
	var limit *codec.LimitError
	var failed *proxy.ScanError
	switch {
	case errors.As(err, &refused) && refused.Direction == response, errors.As(err, &failed), errors.Is(err, errPanic):
		return http.StatusBadGateway
	case errors.As(err, &blocked):
		return http.StatusForbidden
	case errors.As(err, &unknown):
		return http.StatusUnsupportedMediaType
	case errors.As(err, &limit):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &refused):
		return http.StatusBadRequest
	}
	return http.StatusBadGateway
}
