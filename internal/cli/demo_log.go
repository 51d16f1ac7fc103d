package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// filter redacts a log as stanch filter does, and shows what has changed.
func (d *demo) filter(ctx context.Context, log string) error {
	s, err := scanner.New(d.set, scanner.Options{MaxDecodeDepth: decodeDepth, IgnoreAllow: true})
	if err != nil {
		return err
	}
	ends := map[int]int{} // the lines with a secret: first to last, from 1
	note := func(r *proxy.Redaction) {
		first := r.Finding.StartLine
		ends[first] = max(ends[first], r.Finding.EndLine)
	}
	var out strings.Builder
	f := proxy.New(s, redact.New(), proxy.Options{})
	stats, err := logs.Copy(ctx, &out, strings.NewReader(log), f, logs.Options{Redacted: note})
	if err != nil {
		return err
	}
	d.compare(log, out.String(), ends)
	fmt.Fprintf(d.std.out, "%d lines, %d secrets redacted; every other byte is as it was\n", stats.Lines, stats.Redacted)
	return nil
}

// compare shows what has become of the lines that ends names, each group of which
// is one line now. Of the lines between them it shows the first.
func (d *demo) compare(before, after string, ends map[int]int) {
	old, now := strings.Split(strings.TrimSuffix(before, "\n"), "\n"), strings.Split(after, "\n")
	start := 0 // of the lines that are the same
	for i, j := 0, 0; i < len(old) && j < len(now); j++ {
		last, changed := ends[i+1]
		if !changed {
			i++
			continue
		}
		d.same(old[start:i])
		d.pair(strings.Join(old[i:last], "\n"), now[j])
		i, start = last, last
	}
	d.same(old[start:])
}

// same shows lines that have not changed, or the first and how many there are.
func (d *demo) same(lines []string) {
	if len(lines) > 0 {
		fmt.Fprintln(d.std.out, "  "+cut(lines[0], demoColumns-len("  ")))
	}
	if more := len(lines) - 1; more > 0 {
		fmt.Fprintln(d.std.out, d.paint(demoFaint, fmt.Sprintf("  ⋮ %d more", more)))
	}
}

// pair shows lines before and the line after, with the part that differs marked.
func (d *demo) pair(before, after string) {
	head := commonPrefix(before, after)
	before, after = before[len(head):], after[len(head):]
	tail := commonSuffix(before, after)
	before, after = strings.TrimSuffix(before, tail), strings.TrimSuffix(after, tail)
	room := demoColumns - len("- ") - len(head) - len(tail)
	parts := strings.Split(before, "\n")
	for i, part := range parts {
		parts[i] = d.paint(demoRed, cut(part, room))
	}
	fmt.Fprintf(d.std.out, "- %s%s%s\n", head, strings.Join(parts, "\n- "), tail)
	fmt.Fprintf(d.std.out, "+ %s%s%s\n", head, d.paint(demoGreen, cut(after, room)), tail)
}

func commonPrefix(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

func commonSuffix(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return a[len(a)-n:]
}
