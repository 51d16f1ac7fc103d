package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is a time span, written as 30s. A setting's is positive.
type Duration time.Duration

// String writes it as 1m30s, without units that are zero.
func (d Duration) String() string {
	text := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if rest, ok := strings.CutSuffix(text, zero); ok {
			text = rest + zero[:1]
		}
	}
	return text
}

// UnmarshalYAML reads a positive time span with its unit.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	span, err := time.ParseDuration(node.Value)
	if node.Kind != yaml.ScalarNode || err != nil || span <= 0 {
		return wrong(node, "not a time span above zero such as 500ms, 30s or 5m")
	}
	*d = Duration(span)
	return nil
}

// Size is a number of bytes, written as 64KiB. A setting's is positive.
type Size int64

// units are the suffixes of sizes, the greatest binary one first; of two that end
// alike the longer one comes first.
var units = []struct {
	suffix string
	factor int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// ParseSize reads a number of bytes, zero or more: 1048576, 1024KiB, 1MiB or 1MB.
func ParseSize(text string) (Size, error) {
	number, factor := text, int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.suffix); ok {
			number, factor = rest, u.factor
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return 0, errors.New("not a size such as 512KiB, 10MB or 1048576")
	}
	return Size(n * factor), nil
}

// String writes it with the greatest binary unit that leaves no remainder, as 64KiB.
func (s Size) String() string {
	for _, u := range units[:4] {
		if s != 0 && int64(s)%u.factor == 0 {
			return strconv.FormatInt(int64(s)/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// UnmarshalYAML reads a positive size.
func (s *Size) UnmarshalYAML(node *yaml.Node) error {
	size, err := ParseSize(node.Value)
	if node.Kind != yaml.ScalarNode || err != nil || size == 0 {
		return wrong(node, "not a size above zero such as 512KiB, 10MB or 1048576")
	}
	*s = size
	return nil
}

// wrong is an error that does not keep the decoder from telling others.
func wrong(node *yaml.Node, text string) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %s", node.Line, text)}}
}
