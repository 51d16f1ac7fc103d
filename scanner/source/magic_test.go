package source_test

import (
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner/source"
)

// at returns bytes with zeros in front, up to pos.
func at(pos int, bytes string) string { return strings.Repeat("\x00", pos) + bytes }

// pad returns head with zeros behind it, up to n bytes.
func pad(head string, n int) string { return head + strings.Repeat("\x00", n-len(head)) }

func TestApplicationTypes(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       bool
	}{
		{"empty", "", false},
		{"text", "hello", false},
		{"zip", "PK\x03\x04", true},
		{"empty zip", "PK\x05\x06", true},
		{"zip of no kind", "PK\x04\x04", false},
		{"gzip", "\x1f\x8b\x08\x00", true},
		{"tar", at(257, "ustar"), true},
		{"tar cut short", at(257, "usta"), false},
		{"sound with ustar in it", "RIFF\x00\x00\x00\x00WAVE" + at(245, "ustar"), false},
		{"pdf", "%PDF-1.7", true},
		{"PostScript", "%!", true},
		{"rtf", `{\rtf1`, true},
		{"exe", "MZ", true},
		{"elf", pad("\x7fELF", 53), true},
		{"elf cut short", pad("\x7fELF", 52), false},
		{"class", "\xca\xfe\xba\xbe\x00", true},
		{"sqlite", "SQLite format 3\x00", true},
		{"wasm", "\x00asm\x01\x00\x00\x00", true},
		{"dex", pad("dex\n", 36) + "p", true},
		{"word", pad("\xd0\xcf\x11\xe0", 512) + "\xec\xa5", true},
		{"another OLE file", pad("\xd0\xcf\x11\xe0", 514), false},
		{"short OLE file", "\xd0\xcf\x11\xe0", true},
		{"zstd", "(\xb5/\xfd", true},
		{"zstd behind a frame to skip", "\x51\x2a\x4d\x18\x02\x00\x00\x00xx(\xb5/\xfd", true},
		{"zstd with a frame longer than all", "\x51\x2a\x4d\x18\xff\xff\xff\xff(\xb5/\xfd", false},
		{"iso", at(32769, "CD001"), true},
		{"woff", "wOFF\x00\x01\x00\x00", true},
		{"png", "\x89PNG", false},
		{"bmp", "BM", false},
		{"mp4", "\x00\x00\x00\x18ftypisom", false},
		{"heic", pad("\x00\x00\x00\x14ftypheic", 20), false},
		{"webm", "\x1aE\xdf\xa3\x42\x82\x84webm", false},
	} {
		if got := source.IsApplication([]byte(c.data)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBinaryIsWhatIsNotText(t *testing.T) {
	for _, c := range []struct {
		name, path, data string
		want             bool
	}{
		{"gzip", "", "\x1f\x8b\x08\x00", true},
		{"a text that begins like a program", "", "MZ is a fine beginning\n", false},
		{"a text named like an archive", "notes.zip", "hello\n", false},
		{"PostScript", "a.ps", "%!PS-Adobe\n", false},
		{"pdf", "a.pdf", "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", true},
		{"brotli", "a.js.br", "\x1b\xff\x83", true},
		{"of no known kind", "a.dat", "\x00\x01\x02\x03", false},
		{"a rune cut by the window", "", "MZ" + strings.Repeat("a", 8<<10-3) + "ü", false},
	} {
		if got := source.IsBinary(c.path, []byte(c.data)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzApplication(f *testing.F) {
	for _, seed := range []string{"", "PK\x03\x04", at(257, "ustar"), "\x50\x2a\x4d\x18\x00\x00\x00\x00", "\x00\x00\x00\x14ftypmif1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if source.IsBinary("", data) && !source.IsApplication(data) {
			t.Error("skipped what gitleaks scans")
		}
	})
}
