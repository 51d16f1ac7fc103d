package cli

import (
	"fmt"
	"strconv"
	"strings"
)

// byteSize is a flag's number of bytes, written 1048576, 1024KiB, 1MiB or 1MB.
type byteSize int64

// units are the suffixes of sizes; the longer of two that end alike comes first.
var units = []struct {
	suffix string
	factor int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// Set reads text.
func (b *byteSize) Set(text string) error {
	number, factor := text, int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.suffix); ok {
			number, factor = rest, u.factor
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return fmt.Errorf("%q is not a size such as 512KiB, 10MB or 1048576", text)
	}
	*b = byteSize(n * factor)
	return nil
}

// String writes the number of bytes.
func (b *byteSize) String() string { return strconv.FormatInt(int64(*b), 10) }

// Type names the flag's value in help.
func (b *byteSize) Type() string { return "size" }
