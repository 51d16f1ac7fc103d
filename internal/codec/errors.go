package codec

import "fmt"

// UnknownCodingError says that a coding or charset is named which this package
// does not have. A body under it cannot be read, so it must not pass unread.
type UnknownCodingError struct {
	Name string // as the peer wrote it, cut to 64 bytes
}

func (e *UnknownCodingError) Error() string {
	return fmt.Sprintf("no decoder for the coding or charset %q: ask the peer for gzip, deflate, br, zstd or identity, and for UTF-8 text", e.Name)
}

// unknown makes the error for name, which a stranger chose.
func unknown(name string) error {
	return &UnknownCodingError{Name: name[:min(len(name), 64)]}
}

// DecodeError says that bytes are not what their coding says: garbage, cut
// short, a wrong checksum, or something behind the end.
type DecodeError struct {
	Coding string // name of the coding or charset
	Err    error  // what the decoder met; io.ErrUnexpectedEOF where the data is cut short
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("body is not valid %s: %v", e.Coding, e.Err)
}

// Unwrap gives the decoder's own error.
func (e *DecodeError) Unwrap() error { return e.Err }

// LimitError says that reading a body would cost more than the limits allow.
type LimitError struct {
	What  string // what was too large, such as "gzip ratio"
	Limit int64  // the limit that was met, in the unit of What
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("body exceeds the limit of its %s, %d: raise the limit if the peer is trusted", e.What, e.Limit)
}

// FormatError says that a body is not in the format its Content-Type names.
type FormatError struct {
	Format string // name of the format
	Reason string // what is wrong, without any byte of the body
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("body is not valid %s: %s", e.Format, e.Reason)
}
