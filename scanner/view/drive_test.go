package view_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/scanner/view"
)

// segmentsOf returns the segments of text, which arrives in parts of the sizes that size
// returns. Of what lies before the position that is looked at only as much is kept as a
// decoder asks for.
func segmentsOf(tb testing.TB, text string, frames bool, size func() int) (segments []view.Segment) {
	tb.Helper()
	d := view.Decoder{Frames: frames}
	var buf []byte
	base, at, arrived := 0, 0, 0
	for ended := text == ""; ; {
		for {
			seg, settled, ok := d.Next(buf, at-base, ended)
			if !ok {
				if settled < at-base || settled > len(buf) || ended && settled != len(buf) {
					tb.Fatalf("%q: settled at %d of %d, from %d", text, settled+base, arrived, at)
				}
				at = base + settled
				break
			}
			if seg.Start < at-base || seg.End <= seg.Start || seg.End > len(buf) || settled != seg.End {
				tb.Fatalf("%q: segment from %d to %d, settled at %d, from %d", text, base+seg.Start, base+seg.End, base+settled, at)
			}
			at = base + seg.End
			seg.Decoded = bytes.Clone(seg.Decoded)
			seg.Start, seg.End = base+seg.Start, base+seg.End
			segments = append(segments, seg)
		}
		if ended {
			return segments
		}
		if arrived == len(text) {
			ended = true
			continue
		}
		if keep := at - view.Context; keep > base {
			buf, base = bytes.Clone(buf[keep-base:]), keep
		}
		n := min(size(), len(text)-arrived)
		buf = append(buf, text[arrived:arrived+n]...)
		arrived += n
	}
}

// whole returns the segments of a text that is there at once.
func whole(tb testing.TB, text string, frames bool) []view.Segment {
	return segmentsOf(tb, text, frames, func() int { return len(text) })
}

// decode returns text with its segments replaced by what they stand for, and apart what
// was decoded apart.
func decode(text string, segments []view.Segment) (decoded string, apart []string) {
	var out bytes.Buffer
	at := 0
	for _, s := range segments {
		out.WriteString(text[at:s.Start])
		at = s.End
		if s.Apart {
			out.WriteString(text[s.Start:s.End])
			apart = append(apart, string(s.Decoded))
			continue
		}
		out.Write(s.Decoded)
	}
	out.WriteString(text[at:])
	return out.String(), apart
}

func sameSegments(tb testing.TB, text, how string, want, got []view.Segment) {
	tb.Helper()
	if diff := cmp.Diff(describe(want), describe(got)); diff != "" {
		tb.Fatalf("%q, %s: (-whole +parts)\n%s", text, how, diff)
	}
}

func describe(segments []view.Segment) (lines []string) {
	for _, s := range segments {
		lines = append(lines, fmt.Sprintf("%d-%d kind %d apart %v frame %v %q", s.Start, s.End, s.Kind, s.Apart, s.Frame, s.Decoded))
	}
	return lines
}
