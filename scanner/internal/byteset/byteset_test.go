package byteset_test

import (
	"regexp/syntax"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

func members(s byteset.Set) (list []byte) {
	for b := range 256 {
		if s.Has(byte(b)) {
			list = append(list, byte(b))
		}
	}
	return list
}

func TestSet(t *testing.T) {
	var a, b byteset.Set
	a.AddRange('a', 'd')
	a.Add(0)
	b.AddRange('c', 'f')
	b.Add(255)
	union := a
	union.Union(b)
	for _, tt := range []struct {
		name string
		set  byteset.Set
		want string
	}{{"a", a, "\x00abcd"}, {"union", union, "\x00abcdef\xff"}, {"minus", a.Minus(b), "\x00ab"}} {
		if got := string(members(tt.set)); got != tt.want || tt.set.Len() != len(tt.want) || tt.set.First() != tt.want[0] {
			t.Errorf("%s: %q with %d members from %q on, want %q", tt.name, got, tt.set.Len(), tt.set.First(), tt.want)
		}
	}
	if d := a.Minus(b); !a.Intersects(b) || d.Intersects(b) {
		t.Error("Intersects is wrong")
	}
}

func TestOfRanges(t *testing.T) {
	if got := string(members(byteset.OfRanges([]rune{'a', 'c', 'x', 'x'}))); got != "abcx" {
		t.Errorf("got %q", got)
	}
	if s := byteset.OfRanges([]rune{'é', 'é'}); s.Len() != 128 || s.First() != 0x80 {
		t.Errorf("what is beyond ASCII is %d bytes from %#x on, want every byte from 0x80 up", s.Len(), s.First())
	}
}

func TestClasses(t *testing.T) {
	var digits, hex byteset.Set
	digits.AddRange('0', '9')
	hex.AddRange('0', '9')
	hex.AddRange('a', 'f')
	class, n := byteset.Classes([]byteset.Set{digits, hex, digits})
	if n != 3 || class['0'] != class['9'] || class['a'] != class['f'] || class['g'] != class[0xff] ||
		class['0'] == class['a'] || class['a'] == class['g'] {
		t.Errorf("%d classes %v", n, class)
	}
}

func TestLiteral(t *testing.T) {
	if diff := cmp.Diff([]rune{'k', 'k'}, byteset.Literal('k', 0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]rune{'k', 'k', '\u212a', '\u212a', 'K', 'K'}, byteset.Literal('k', syntax.FoldCase)); diff != "" {
		t.Error(diff)
	}
}
