// Package set makes a labelled set of files: source, configuration and logs with
// true secrets and with text that looks like secrets and is none. Precision and
// recall of a tool are counted on it.
//
// Its axes are the classes of secrets and decoys and the kinds of files. Every kind
// of secret and decoy stands in every kind of file, [Repeats] times. What is in the
// set follows from the seed.
package set

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
)

const (
	// Seed is the seed of the published figures.
	Seed = 20260302
	// Repeats is how often each kind stands in each kind of file.
	Repeats = 2
	// perFile is how many labelled items a file holds.
	perFile = 12
	// cleanBytes is the size of the clean text of each other kind.
	cleanBytes = 300_000
)

// Label says what lines of a file hold. A line without a label is no secret either.
type Label struct {
	File       string // below the set's directory, with slashes
	Start, End int    // lines, from 1, both included
	Class      string
	Secret     bool // a true secret; else a decoy
}

// item is something to put into a file.
type item struct {
	class  string
	secret bool
	text   string // whole lines, without the last newline
}

// Write makes the set below dir and returns its labels, in the order of the files.
func Write(dir string, seed uint64) (labels []Label, err error) {
	w := &writer{dir: dir, rng: rand.New(rand.NewPCG(seed, 0x1abe1))}
	for i := range carriers {
		w.carrier(&carriers[i])
	}
	w.wholeLines()
	w.privateKeys()
	w.kubernetesSecrets()
	w.decoyFiles()
	w.cleanFiles(seed)
	return w.labels, w.err
}

type writer struct {
	dir    string
	rng    *rand.Rand
	labels []Label
	err    error // the first
}

// value makes the value of a kind.
func (w *writer) value(k *kind) string {
	if k.sample == "" {
		return expand(w.rng, k.forms[w.rng.IntN(len(k.forms))])
	}
	samples := corpus.Samples(w.rng.Uint64())
	i := slices.IndexFunc(samples, func(s corpus.Secret) bool { return s.Rule == k.sample })
	return samples[i].Value
}

// carrier writes the files of one kind.
func (w *writer) carrier(c *carrier) {
	var items []item
	put := func(class string, secret bool, field, value string) {
		if c.escape != nil {
			value = c.escape(value)
		}
		line := expand(w.rng, c.assign) // before the value goes in, which may hold braces
		items = append(items, item{class, secret, strings.NewReplacer("FIELD", c.style(field), "VALUE", value).Replace(line)})
	}
	for range Repeats {
		for i := range kinds {
			k := &kinds[i]
			for range max(1, len(k.forms)) {
				put(k.class, true, w.pick(k.fields), w.value(k))
			}
			if k.class == vendor {
				put(encodedOnce, true, w.pick(plainFields), w.encode(w.value(k)))
			}
		}
		for _, d := range decoys {
			for _, form := range d.forms {
				put(d.class, false, w.pick(d.fields), expand(w.rng, form))
			}
		}
	}
	w.files(c, items)
}

func (w *writer) pick(list []string) string { return list[w.rng.IntN(len(list))] }

// encode writes a value in one of three encodings.
func (w *writer) encode(value string) string {
	switch w.rng.IntN(3) {
	case 0:
		return base64.StdEncoding.EncodeToString([]byte(w.pick(lists["user"]) + ":" + value))
	case 1:
		return hex.EncodeToString([]byte(value))
	default:
		return strings.NewReplacer("_", "%5F", "-", "%2D", ".", "%2E").Replace(url.QueryEscape(value))
	}
}

// files shuffles items into files of a kind, with filler around them.
func (w *writer) files(c *carrier, items []item) {
	w.rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	for n := 0; len(items) > 0; n++ {
		some := items[:min(perFile, len(items))]
		items = items[len(some):]
		f := w.open(fmt.Sprintf("%s/%s-%02d%s", c.name, w.pick(lists["service"]), n, c.ext))
		f.text(expand(w.rng, c.head))
		for _, it := range some {
			for range 2 + w.rng.IntN(3) {
				f.text(expand(w.rng, w.pick(c.filler)) + "\n")
			}
			f.item(it)
		}
		f.text(c.tail)
		f.close()
	}
}

// file is a file being made.
type file struct {
	w    *writer
	name string
	b    strings.Builder
	line int // the next one's number
}

func (w *writer) open(name string) *file { return &file{w: w, name: name, line: 1} }

func (f *file) text(s string) {
	f.b.WriteString(s)
	f.line += strings.Count(s, "\n")
}

func (f *file) item(it item) {
	end := f.line + strings.Count(it.text, "\n")
	f.w.labels = append(f.w.labels, Label{f.name, f.line, end, it.class, it.secret})
	f.text(it.text + "\n")
}

func (f *file) close() {
	path := filepath.Join(f.w.dir, filepath.FromSlash(f.name))
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(f.b.String()), 0o644)
	}
	if f.w.err == nil {
		f.w.err = err
	}
}

// Digest identifies a set by the bytes of its files, in the order of their names.
func Digest(dir string) (string, error) {
	h := fnv.New64a()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		h.Write([]byte(e.Name()))
		h.Write(text)
		return err
	})
	return fmt.Sprintf("%016x", h.Sum64()), err
}
