package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stanch-dev/stanch/scanner/source"
)

// WriteCoverage says in a line what was scanned and what was skipped, and in more
// lines, where something could not be read, what.
func WriteCoverage(w io.Writer, t *source.Totals) error {
	var out strings.Builder
	fmt.Fprintf(&out, "scanned %s in %s", size(t.Bytes), count(t.Files, "file"))
	separator := "; skipped "
	for _, why := range slices.Sorted(maps.Keys(t.Skipped)) {
		fmt.Fprintf(&out, "%s%d %s", separator, t.Skipped[why], why)
		separator = ", "
	}
	out.WriteByte('\n')
	if t.Incomplete > 0 {
		fmt.Fprintf(&out, "incomplete: %s could not be read or not to the end\n", count(t.Incomplete, "path"))
		for _, gap := range t.Gaps {
			name := Display(gap.Path)
			if name == "" {
				name = "<stdin>"
			}
			fmt.Fprintf(&out, "  %s: %s\n", name, Display(gap.Cause))
		}
		if more := t.Incomplete - int64(len(t.Gaps)); more > 0 {
			fmt.Fprintf(&out, "  and %d more\n", more)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "s"
}

// size returns a number of bytes in units of 1000, with two digits or more.
func size(n int64) string {
	if n < 1000 {
		return count(n, "byte")
	}
	value, units := float64(n)/1000, []string{"kB", "MB", "GB", "TB"}
	for value >= 999.5 && len(units) > 1 {
		value, units = value/1000, units[1:]
	}
	if value < 9.95 {
		return fmt.Sprintf("%.1f %s", value, units[0])
	}
	return fmt.Sprintf("%.0f %s", value, units[0])
}
