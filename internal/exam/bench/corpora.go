package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
)

// shares are the tenths of a corpus in its folders "0" and "1", which are of one
// kind; a slow tool scans the first alone.
var shares = []int64{1, 9}

// maxSourceFile leaves out data that happens to lie between sources, in bytes.
const maxSourceFile = 1 << 20

// notSource are paths that gitleaks' default rules leave out and other tools do
// not: without them every tool scans the same bytes.
var notSource = regexp.MustCompile(`(^|/)(vendor|node_modules|\.git)(/|$)|(^|/)(go\.(mod|sum|work)|(package-lock|npm-shrinkwrap)\.json|yarn\.lock|gradlew)$|` +
	`(?i)\.(bmp|gif|jpe?g|png|svg|tiff?|ttf|woff2?|eot|xlsx?|docx?|pdf|zip|gz|tar|bz2|xz|zst|7z|bin|exe|gltf|socket|vsidx|suo|wsuo|dll|pdb|min\.js)$`)

// input is something to scan.
type input struct {
	path  string // a directory, or the file to pipe in
	stdin bool
	bytes int64
}

// data is one corpus: all of it, and the tenth for slow tools.
type data struct {
	name         string
	whole, tenth input
}

// startup is the corpus of one short file: what a tool costs before it scans.
const startup = "start-up"

// writeCorpora lays out all corpora below dir, about size bytes each.
func writeCorpora(ctx context.Context, dir string, size int64) (all []data, err error) {
	add := func(name string, write func(dir string) error) {
		if err != nil || ctx.Err() != nil {
			return
		}
		var d data
		if err = write(filepath.Join(dir, name)); err == nil {
			d, err = describe(dir, name)
			all = append(all, d)
		}
	}
	goroot, err := output(ctx, "", nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules, err := output(ctx, "", nil, "go", "env", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	add(startup, func(dir string) error { return create(filepath.Join(dir, "0", "a.log"), logs(1, 1000, nil)) })
	add("source", func(dir string) error { return copySources(dir, filepath.Join(goroot, "src"), size) })
	add("modules", func(dir string) error { return copySources(dir, modules, size) })
	add("logs", func(dir string) error { return writeLogs(dir, size) })
	add("second", func(dir string) error { return writeSecond(dir, size) })
	if err != nil {
		return nil, err
	}
	stdin := data{name: "stdin"}
	if stdin.whole, err = writeStream(filepath.Join(dir, "stdin.log"), size); err == nil {
		stdin.tenth, err = writeStream(filepath.Join(dir, "stdin-tenth.log"), size/10)
	}
	return append(all, stdin), err
}

// describe counts the bytes of a corpus below dir.
func describe(dir, name string) (data, error) {
	d := data{name: name, whole: input{path: filepath.Join(dir, name)}}
	d.tenth.path = filepath.Join(d.whole.path, "0")
	for _, in := range []*input{&d.whole, &d.tenth} {
		err := filepath.WalkDir(in.path, func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err == nil {
				in.bytes += info.Size()
			}
			return err
		})
		if err != nil {
			return d, err
		}
	}
	return d, nil
}

// create makes a file and its folders, has write fill it, and closes it.
func create(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// secretsEvery is the distance of planted secrets in logs, in bytes; a shorter log
// holds one.
const secretsEvery = 300_000

// logs returns a writer of logs in the formats (nil: all of them, interleaved).
func logs(seed uint64, size int64, formats []string) func(io.Writer) error {
	samples := corpus.Samples(seed)
	first := int(seed % uint64(len(samples)))
	return func(w io.Writer) error {
		return corpus.Logs(w, seed, size, corpus.LogOptions{
			Formats: formats, Secrets: slices.Concat(samples[first:], samples[:first]), Every: min(secretsEvery, size),
		})
	}
}

// writeLogs writes a file per format.
func writeLogs(dir string, size int64) error {
	formats := corpus.LogFormats()
	for folder, share := range shares {
		for i, format := range formats {
			each := size * share / 10 / int64(len(formats))
			path := filepath.Join(dir, strconv.Itoa(folder), format+".log")
			if err := create(path, logs(uint64(folder*len(formats)+i), each, formats[i:i+1])); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeStream(path string, size int64) (input, error) {
	return input{path: path, stdin: true, bytes: size}, create(path, logs(1, size, nil))
}

// writeSecond writes the second corpus, a quarter of each kind.
func writeSecond(dir string, size int64) error {
	kinds := []struct {
		name string
		make func(io.Writer, uint64, int64) error
	}{
		{"bundle.js", corpus.Minified}, {"data.json", corpus.JSON}, {"blobs.txt", corpus.Base64Heavy}, {"world.txt", corpus.NonEnglish},
	}
	for folder, share := range shares {
		for _, kind := range kinds {
			err := create(filepath.Join(dir, strconv.Itoa(folder), kind.name), func(w io.Writer) error {
				return kind.make(w, uint64(folder), size*share/10/int64(len(kinds)))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// copySources deals a random choice of the text files below root, the same at each
// run, to the folders below dir, until there are size bytes.
func copySources(dir, root string, size int64) error {
	var paths []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case e.IsDir() && (rel == "cache" || notSource.MatchString(rel)):
			return fs.SkipDir
		case e.Type().IsRegular() && !notSource.MatchString(rel):
			paths = append(paths, rel)
		}
		return nil
	})
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	dealt := make([]int64, len(shares)) // bytes of each folder
	for _, rel := range paths {
		folder := 0
		if dealt[1]*shares[0] < dealt[0]*shares[1] {
			folder = 1
		}
		if dealt[0]+dealt[1] >= size {
			break
		}
		copied, err := copyText(filepath.Join(dir, strconv.Itoa(folder), rel), filepath.Join(root, rel))
		if err != nil {
			return err
		}
		dealt[folder] += copied
	}
	return nil
}

// copyText copies a file and returns its size; a binary, empty or very large one is
// left out.
func copyText(to, from string) (copied int64, err error) {
	f, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() == 0 || info.Size() > maxSourceFile {
		return 0, err
	}
	r := bufio.NewReader(f)
	if head, _ := r.Peek(4096); bytes.IndexByte(head, 0) >= 0 {
		return 0, nil
	}
	err = create(to, func(w io.Writer) error {
		copied, err = io.Copy(w, r)
		return err
	})
	return copied, err
}
