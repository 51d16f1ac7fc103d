package corpus_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
)

// generators are the ones that need a size and a seed alone.
var generators = map[string]func(w io.Writer, seed uint64, size int64) error{
	"logs": func(w io.Writer, seed uint64, size int64) error {
		return corpus.Logs(w, seed, size, corpus.LogOptions{})
	},
	"minified":   corpus.Minified,
	"json":       corpus.JSON,
	"base64":     corpus.Base64Heavy,
	"nonenglish": corpus.NonEnglish,
}

func generate(t *testing.T, make func(io.Writer, uint64, int64) error, seed uint64, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := make(&out, seed, size); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSameSeedSameBytes(t *testing.T) {
	for name, make := range generators {
		first := generate(t, make, 7, 300_000)
		if !bytes.Equal(first, generate(t, make, 7, 300_000)) {
			t.Errorf("%s: two runs of one seed differ", name)
		}
		if bytes.Equal(first, generate(t, make, 8, 300_000)) {
			t.Errorf("%s: two seeds give the same text", name)
		}
	}
}

func TestSizeAndEncoding(t *testing.T) {
	const size, slack = 1 << 20, 256 << 10 // slack: one record, document or module
	for name, make := range generators {
		text := generate(t, make, 1, size)
		if len(text) < size || len(text) > size+slack {
			t.Errorf("%s: %d bytes, asked for %d", name, len(text), size)
		}
		if !utf8.Valid(text) {
			t.Errorf("%s: not UTF-8", name)
		}
		if i := bytes.Index(text, []byte("$(")); i >= 0 && name != "minified" {
			t.Errorf("%s: a field was left as it is: %q", name, text[i:min(len(text), i+40)])
		}
	}
}

func TestWriteErrorIsReturned(t *testing.T) {
	broken := errors.New("disk full")
	for name, make := range generators {
		if err := make(&failing{broken}, 1, 1<<20); !errors.Is(err, broken) {
			t.Errorf("%s: error %v, want %v", name, err, broken)
		}
	}
}

type failing struct{ err error }

func (f *failing) Write([]byte) (int, error) { return 0, f.err }

func TestEveryLogFormat(t *testing.T) {
	formats := corpus.LogFormats()
	if len(formats) < 16 {
		t.Fatalf("%d log formats, want 16 at least", len(formats))
	}
	seen := map[string]string{}
	for _, format := range formats {
		text := generate(t, func(w io.Writer, seed uint64, size int64) error {
			return corpus.Logs(w, seed, size, corpus.LogOptions{Formats: []string{format}})
		}, 1, 200_000)
		lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
		if mean := len(text) / len(lines); mean < 60 || mean > 700 {
			t.Errorf("%s: %d bytes a line", format, mean)
		}
		for _, line := range lines {
			if len(line) > 1500 || bytes.ContainsFunc(line, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }) {
				t.Errorf("%s: absurd line of %d bytes: %.200q", format, len(line), line)
				break
			}
		}
		if other, twice := seen[string(lines[0])]; twice {
			t.Errorf("%s and %s look the same", format, other)
		}
		seen[string(lines[0])] = format
	}
}

func TestLogLinesAreOfUsualLength(t *testing.T) {
	text := generate(t, generators["logs"], 3, 4<<20)
	if mean := len(text) / bytes.Count(text, []byte("\n")); mean < 125 || mean > 155 {
		t.Errorf("%d bytes a line on average, want about 140", mean)
	}
}

func TestUnknownLogFormat(t *testing.T) {
	err := corpus.Logs(io.Discard, 1, 1, corpus.LogOptions{Formats: []string{"nginx", "vax"}})
	if err == nil || !strings.Contains(err.Error(), `"vax"`) {
		t.Errorf("error %v does not name the format", err)
	}
}

func TestPlantedSecretsStandWhereRecorded(t *testing.T) {
	const size, every = 2 << 20, 10_000
	samples := corpus.Samples(5)
	for _, inline := range []bool{false, true} {
		var planted []corpus.Planted
		var out bytes.Buffer
		err := corpus.Logs(&out, 5, size, corpus.LogOptions{
			Secrets: samples, Every: every, Inline: inline,
			Planted: func(p corpus.Planted) { planted = append(planted, p) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := size / every; len(planted) < want-1 || len(planted) > want+1 {
			t.Errorf("%d secrets in %d bytes, want one every %d", len(planted), size, every)
		}
		used := map[string]bool{}
		for _, p := range planted {
			checkPlanted(t, out.Bytes(), p)
			used[p.Rule] = true
		}
		if len(used) != len(samples) {
			t.Errorf("%d of %d rules were planted", len(used), len(samples))
		}
		for _, s := range samples {
			if got, want := bytes.Count(out.Bytes(), []byte(s.Value)), countRule(planted, s.Rule); got != want {
				t.Errorf("%s stands %d times and was recorded %d times", s.Rule, got, want)
			}
		}
	}
}

func countRule(planted []corpus.Planted, rule string) (n int) {
	for _, p := range planted {
		if p.Rule == rule {
			n++
		}
	}
	return n
}

func checkPlanted(t *testing.T, text []byte, p corpus.Planted) {
	t.Helper()
	if !bytes.HasPrefix(text[min(p.Offset, int64(len(text))):], []byte(p.Value)) {
		t.Errorf("%s %s is not at offset %d", p.File, p.Rule, p.Offset)
		return
	}
	if line := 1 + bytes.Count(text[:p.Offset], []byte("\n")); line != p.Line {
		t.Errorf("%s %s is on line %d, recorded %d", p.File, p.Rule, line, p.Line)
	}
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	planted, err := corpus.Tree(dir, 11)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]int{}
	for _, p := range planted {
		text, err := os.ReadFile(filepath.Join(dir, p.File))
		if err != nil {
			t.Fatal(err)
		}
		checkPlanted(t, text, p)
		rules[p.Rule]++
	}
	want := map[string]int{
		"aws-access-token": 1, "generic-api-key": 1, "gcp-api-key": 1, "github-pat": 1, "jwt": 1,
		"private-key": 1, "slack-webhook-url": 1, "stripe-access-token": 1,
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("planted rules (-want +got):\n%s", diff)
	}
	again := t.TempDir()
	if second, err := corpus.Tree(again, 11); err != nil || !slices.Equal(planted, second) {
		t.Errorf("a second tree of the same seed differs (%v)", err)
	}
}

func TestDemoLog(t *testing.T) {
	var out bytes.Buffer
	planted, err := corpus.DemoLog(&out, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range planted {
		checkPlanted(t, out.Bytes(), p)
	}
	if len(planted) != 8 {
		t.Errorf("%d secrets, want 8", len(planted))
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) < 36 || len(lines) > 44 {
		t.Errorf("%d lines do not fill one screen", len(lines))
	}
	for _, line := range lines {
		if len(line) > 280 || strings.Contains(line, "$(") {
			t.Errorf("absurd line: %q", line)
		}
	}
}

func TestJSONIsValidAndDeep(t *testing.T) {
	dec := json.NewDecoder(bytes.NewReader(generate(t, corpus.JSON, 1, 500_000)))
	depth, deepest := 0, 0
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	if deepest < 10 {
		t.Errorf("nested %d deep at most", deepest)
	}
}

func TestSecondCorpusIsWhatItSays(t *testing.T) {
	minified := generate(t, corpus.Minified, 1, 1<<20)
	if lines := bytes.Count(minified, []byte("\n")); lines < 2 || lines > 20 {
		t.Errorf("minified: %d lines in a megabyte", lines)
	}
	encoded := generate(t, corpus.Base64Heavy, 1, 1<<20)
	if bytes.Contains(encoded, []byte("PRIVATE"+" KEY")) {
		t.Error("base64: holds a private key")
	}
	foreign := 0
	text := generate(t, corpus.NonEnglish, 1, 1<<20)
	for _, b := range text {
		if b >= utf8.RuneSelf {
			foreign++
		}
	}
	if share := foreign * 100 / len(text); share < 30 {
		t.Errorf("nonenglish: %d %% of the bytes are not ASCII", share)
	}
}

func BenchmarkGenerate(b *testing.B) {
	const size = 4 << 20
	for name, make := range generators {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				if err := make(io.Discard, 1, size); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
