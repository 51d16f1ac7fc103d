package cli

import (
	"fmt"
	"strconv"

	"github.com/stanch-dev/stanch/internal/config"
)

// byteSize is a flag's number of bytes, written 1048576, 1024KiB, 1MiB or 1MB.
type byteSize int64

// Set reads text.
func (b *byteSize) Set(text string) error {
	size, err := config.ParseSize(text)
	if err != nil {
		return fmt.Errorf("%q is %w", text, err)
	}
	*b = byteSize(size)
	return nil
}

// String writes the number of bytes.
func (b *byteSize) String() string { return strconv.FormatInt(int64(*b), 10) }

// Type names the flag's value in help.
func (b *byteSize) Type() string { return "size" }
