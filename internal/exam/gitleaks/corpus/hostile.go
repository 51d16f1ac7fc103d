package corpus

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
)

// gitleaks reads 100,000 bytes at once and then up to 25,000 more.
const (
	firstCut = 100_000
	lastCut  = 125_000
)

// allow is split so that this file's own lines are not taken for allowed ones.
const allow = "gitleaks" + ":allow"

// Hostile returns texts that are made to go wrong: long lines, foreign line ends,
// NUL bytes, letters that fold to ASCII, secrets across the places
// where files are cut, comments that allow in the wrong place, floods of
// beginnings without an end, and paths of every kind.
func Hostile(examples []Example, seed uint64) (Corpus, error) {
	rng := newRand(seed)
	var positive []Example
	for _, e := range examples {
		if e.Positive && len(e.Value) < 4_000 {
			positive = append(positive, e)
		}
	}
	fragments := append(paths(rng, positive), allowed(rng, positive)...)
	fragments = append(fragments, floods()...)
	for _, file := range []struct {
		origin string
		data   []byte
	}{
		{"one long line", longLine(rng, positive)},
		{"CRLF line ends", bytes.ReplaceAll(page(rng, positive, 300), []byte("\n"), []byte("\r\n"))},
		{"CR line ends", bytes.ReplaceAll(page(rng, positive, 100), []byte("\n"), []byte("\r"))},
		{"NUL bytes", sprinkle(rng, page(rng, positive, 300), func() []byte { return []byte{0} })},
		{"other scripts", sprinkle(rng, page(rng, positive, 300), func() []byte { return []byte(string(rune(0x80 + rng.IntN(0x3000)))) })},
		{"letters that fold", []byte(foldings.Replace(string(page(rng, positive, 300))))},
		{"blank lines", bytes.ReplaceAll(page(rng, positive, 200), []byte("\n"), []byte(" \n\t\n\n"))},
		{"cut after 100,000 bytes", cutAt(rng, positive, firstCut)},
		{"cut after 100,000 bytes", cutAt(rng, positive, firstCut)},
		{"cut after 125,000 bytes", cutAt(rng, positive, lastCut)},
		{"cut after 125,000 bytes", cutAt(rng, positive, lastCut)},
	} {
		cut, err := Cut("hostile.txt", file.data)
		if err != nil {
			return Corpus{}, err
		}
		for _, f := range cut {
			f.Origin = file.origin
			fragments = append(fragments, f)
		}
	}
	return Of("hostile", fragments), nil
}

func pick(rng *rand.Rand, examples []Example) string {
	return string(examples[rng.IntN(len(examples))].Value)
}

// page returns n examples, each with words before it, on lines.
func page(rng *rand.Rand, examples []Example, n int) []byte {
	var b bytes.Buffer
	for range n {
		b.WriteString("the quick brown fox" + between(rng, pick(rng, examples)) + "\n")
	}
	return b.Bytes()
}

func longLine(rng *rand.Rand, examples []Example) []byte {
	var b bytes.Buffer
	for b.Len() < lastCut+firstCut {
		value := strings.NewReplacer("\n", " ", "\r", " ").Replace(pick(rng, examples))
		b.WriteString("function(a,b){return a+b};" + value + []string{",", ";", `";`, " ", "&", "\t"}[rng.IntN(6)])
	}
	return b.Bytes()
}

// sprinkle puts what grain returns into data, about every 50 bytes.
func sprinkle(rng *rand.Rand, data []byte, grain func() []byte) (out []byte) {
	for _, c := range data {
		out = append(out, c)
		if rng.IntN(50) == 0 {
			out = append(out, grain()...)
		}
	}
	return out
}

// cutAt returns a text in which an example lies across, or beside, the byte at
// which gitleaks cuts: there is no blank line but, for a cut before the last
// possible one, around the example.
func cutAt(rng *rand.Rand, examples []Example, at int) []byte {
	value, border := pick(rng, examples), "\n"
	if at < lastCut {
		border = "\n\n"
	}
	start := at - rng.IntN(len(value)+30)
	before := strings.Repeat("x = y + 1; // a line of nothing\n", at/32+1)[:start]
	return []byte(before + border + value + border + strings.Repeat("z = 2;\n", 2_000))
}

// allowed returns examples with the comment that allows them, before, on, in and
// after their line, with and without a newline at the end of the text.
func allowed(rng *rand.Rand, examples []Example) (fragments []Fragment) {
	for range 60 {
		value, other := pick(rng, examples), pick(rng, examples)
		for _, text := range []string{
			"# " + allow + "\n" + value,
			"# " + allow + "\n" + value + "\n",
			"# " + allow + "\n\nx\n" + other + "\n" + value,
			value + " # " + allow + "\n" + other,
			value + " # " + allow + "\r\n" + other + "\r\n",
			value + "\n# " + allow,
			value + "\n" + other + " # " + allow + "\n",
			base64.StdEncoding.EncodeToString([]byte(value+" "+allow)) + "\n" + other + "\n",
			base64.StdEncoding.EncodeToString([]byte(value)) + " # " + allow + "\n",
		} {
			fragments = append(fragments, Fragment{Path: "allow.txt", Line: 1 + rng.IntN(2), Raw: text, Origin: "allow comments"})
		}
	}
	return fragments
}

// floods returns texts that begin much and end nothing.
func floods() (fragments []Fragment) {
	nested := "password = " + strings.Repeat("Zm9vYmFyIQ", 4)
	for range 8 {
		nested = base64.StdEncoding.EncodeToString([]byte(nested))
	}
	// 42-byte pieces, so that a beginning never meets an end by chance.
	for _, text := range []string{
		strings.Repeat("key=", 5_000),
		strings.Repeat("-----BEGIN PRIVATE"+" KEY-----\n", 400),
		strings.Repeat("-----BEGIN RSA PRIVATE"+" KEY-----abcdefghijklmnop0123456789", 200),
		strings.Repeat("ey"+"Jhbg.", 3_000),
		strings.Repeat("curl -H 'Authorization: ", 600),
		strings.Repeat("%41", 10_000),
		strings.Repeat(`\u0041`, 6_000),
		strings.Repeat("U+0041 ", 4_000),
		strings.Repeat("41", 15_000),
		strings.Repeat("a", 60_000),
		strings.Repeat("\n", 30_000),
		strings.Repeat("\n", 3_000) + "key",
		strings.Repeat("api_key: \"", 3_000),
		strings.Repeat("\xff\xfe", 20_000),
		strings.Repeat("\u212a\u017f", 5_000),
		nested,
		"", "\n", "k", "key",
	} {
		fragments = append(fragments, Fragment{Path: "flood.txt", Line: 1, Raw: text, Origin: "flood"})
	}
	return fragments
}

// paths returns examples under paths that rules and allowlists look at.
func paths(rng *rand.Rand, examples []Example) (fragments []Fragment) {
	for _, path := range []string{
		"", "a.txt", "dir/a.p12", "A.P12", "a.pfx", "x.p12.txt", "a.php", "A.PHP", "a.tf", "a.hcl", "a.yaml", "a.yml", "a.yaml.bak",
		"nuget.config", "NuGet.Config", "x/nuget.config.txt", "go.sum", "go.mod", "dir/go.work.sum", "a.PNG", "a.svg", "node_modules/a.js",
		"NODE_MODULES/a.js", "vendor/github.com/a.go", "vendor/modules.txt", "package-lock.json", "gitleaks.toml", ".gitleaks.toml",
		`C:\dir\a.yaml`, "venv/lib/a.py", "x!inner/a.yaml", "dir/\xff.tf", "a b.php", "jquery-3.min.js", "jquery.txt", ".git", "lib64/python3.11/a.py",
	} {
		for range 6 {
			raw := string(page(rng, examples, 4))
			fragments = append(fragments, Fragment{Path: path, Line: 1 + rng.IntN(1000), Raw: raw, Origin: "paths"})
		}
		fragments = append(fragments, Fragment{Path: path, Line: 1, Origin: "paths, no content"})
	}
	for _, e := range examples {
		if e.Path != "" {
			for _, path := range []string{e.Path, "dir/" + e.Path, strings.ToUpper(e.Path), e.Path + "x", ""} {
				fragments = append(fragments, Fragment{Path: path, Line: 1, Raw: string(e.Value), Origin: "paths"})
			}
		}
	}
	return fragments
}
