package corpus

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxPicked is the size of the largest file [Pick] takes, so that no single file
// makes up the sample.
const maxPicked = 1 << 20

// File is a file on this machine under the path that the scanners see, which is
// the same wherever the file's tree lies.
type File struct {
	Path string
	disk string
	size int64
}

// Read returns the file's content.
func (f File) Read() ([]byte, error) { return os.ReadFile(f.disk) }

// Tree lists the regular files under root that have content, in lexical order,
// with prefix before their paths. Files whose path makes skip true are left out.
func Tree(prefix, root string, skip func(path string) bool) (files []File, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		seen := path.Join(prefix, filepath.ToSlash(rel))
		if info.Size() > 0 && !skip(seen) {
			files = append(files, File{seen, name, info.Size()})
		}
		return nil
	})
	return files, err
}

// GoSource lists the files of the Go tree.
func GoSource(skip func(path string) bool) ([]File, error) {
	root, err := goEnv("GOROOT")
	if err != nil {
		return nil, err
	}
	return Tree("go/src", filepath.Join(root, "src"), skip)
}

// ModuleCache lists the files of every module in this machine's module cache.
func ModuleCache(skip func(path string) bool) ([]File, error) {
	root, err := goEnv("GOMODCACHE")
	if err != nil {
		return nil, err
	}
	downloads := "mod/cache/"
	return Tree("mod", root, func(path string) bool { return strings.HasPrefix(path, downloads) || skip(path) })
}

// OwnModules lists the files of the modules that this module and its tools are
// built from, which are in the module cache wherever the exam can be built.
func OwnModules(skip func(path string) bool) (files []File, err error) {
	out, err := output(exec.Command("go", "list", "-deps", "-json=Module", "./...", "tool"))
	if err != nil {
		return nil, err
	}
	type module struct {
		Path, Version, Dir string
		Replace            *struct{}
	}
	listed := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct{ Module *module }
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading go list: %w", err)
		}
		m := pkg.Module
		if m == nil || m.Version == "" || m.Replace != nil || listed[m.Path] {
			continue
		}
		listed[m.Path] = true
		more, err := Tree(path.Join("mod", m.Path+"@"+m.Version), m.Dir, skip)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

// Pick returns files of about the given total size: always the same ones, chosen
// by a hash of their paths.
func Pick(files []File, bytes int64) (picked []File) {
	order := func(f File) uint64 {
		h := fnv.New64a()
		io.WriteString(h, f.Path)
		return h.Sum64()
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.size > maxPicked })
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(order(a), order(b)) })
	for _, f := range files {
		if bytes <= 0 {
			break
		}
		picked = append(picked, f)
		bytes -= f.size
	}
	return picked
}

// OfFiles returns a corpus of the files' content, read while it is used.
func OfFiles(name string, files []File) Corpus {
	return Corpus{Name: name, Fixed: true, Fragments: func(yield func(Fragment, error) bool) {
		for _, file := range files {
			data, err := file.Read()
			if err != nil {
				yield(Fragment{}, err)
				return
			}
			fragments, err := Cut(file.Path, data)
			if err != nil {
				yield(Fragment{}, err)
				return
			}
			for _, f := range fragments {
				if !yield(f, nil) {
					return
				}
			}
		}
	}}
}

func goEnv(name string) (string, error) {
	out, err := output(exec.Command("go", "env", name))
	return strings.TrimSpace(string(out)), err
}
