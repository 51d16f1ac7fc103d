// Package source reads the text that policies are made of: Rego modules,
// configuration and grants, from a directory, an embedded file system or a bundle.
//
// It knows the layout of a policy directory and nothing of how Rego is compiled.
// Reading is strict, because what is skipped in silence decides nothing: an unknown
// file, an unknown key or a misspelt capability is an error with file and line.
// Everything has a limit.
//
//	access/access.rego  access/access_test.rego   and rotation, redaction, gate
//	config/data.yaml                              data.config
//	grants.yaml                                   who may do what where
//	universe.yaml                                 who and what is enumerated (see Universe)
//	schemas/  samples/  *.md                      for people; not read
package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of what is read. A directory of policies is text that people write.
const (
	maxFile  = 8 << 20  // bytes of one file
	maxTotal = 32 << 20 // bytes of all files
	maxFiles = 1000
	maxDepth = 8 // folders in one another
)

// The files of a policy directory that are not Rego.
const (
	ConfigFile   = "config/data.yaml"
	GrantsFile   = "grants.yaml"
	UniverseFile = "universe.yaml"
)

// Module is the text of one Rego file.
type Module struct {
	Path string // within the directory, with slashes; errors name it
	Text []byte
}

// IsTest reports whether the module holds tests, which never decide.
func (m Module) IsTest() bool { return strings.HasSuffix(m.Path, "_test.rego") }

// Documents is everything one snapshot of policies is made of. It is not changed
// after it was read.
type Documents struct {
	Name     string // the directory, the bundle's address or "embedded defaults"; errors begin with it
	Modules  []Module
	Config   Config
	Grants   []Grant
	Universe Universe
	// Revision names the text: the bundle's own revision, or the first 64 bits of
	// the SHA-256 of all files in hex.
	Revision string
}

// ReadDir reads the policy directory dir. A directory that Kubernetes writes (a
// ConfigMap or Secret volume, which has a link named ..data) is read through that
// link, resolved once, so that files of two generations are never mixed.
func ReadDir(dir string) (Documents, error) {
	fsys, err := openDir(dir)
	if err != nil {
		return Documents{}, err
	}
	return FromFS(fsys, dir)
}

// openDir returns the policy directory dir, or what ..data links to in one that
// Kubernetes writes.
func openDir(dir string) (fs.FS, error) {
	root := dir
	if generation, err := filepath.EvalSymlinks(filepath.Join(dir, "..data")); err == nil {
		root = generation
	}
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("reading policies: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("reading policies: %s is not a directory", dir)
	}
	return os.DirFS(root), nil
}

// FromFS reads the policy directory at the root of fsys. Errors name files as name
// and their path.
func FromFS(fsys fs.FS, name string) (Documents, error) {
	files, err := readFiles(fsys, name)
	if err != nil {
		return Documents{}, err
	}
	return FromFiles(files, name)
}

// FromFiles makes documents of files: their text by their path in the policy
// directory. It keeps the slices.
func FromFiles(files map[string][]byte, name string) (Documents, error) {
	d := Documents{Name: name, Revision: revisionOf(files)}
	var errs []error
	for _, file := range sortedKeys(files) {
		text, shown := files[file], shownPath(name, file)
		var err error
		switch {
		case strings.HasSuffix(file, ".rego"):
			d.Modules = append(d.Modules, Module{Path: file, Text: text})
		case file == ConfigFile:
			d.Config, err = ParseConfig(text, shown)
		case file == GrantsFile:
			d.Grants, err = ParseGrants(text, shown)
		case file == UniverseFile:
			d.Universe, err = ParseUniverse(text, shown)
		case !forPeople(file):
			err = fmt.Errorf("%s: not a file of a policy directory: it may hold .rego files, %s, %s, %s, and folders schemas and samples", shown, ConfigFile, GrantsFile, UniverseFile)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if len(files) == 0 {
		errs = append(errs, fmt.Errorf("%s: no policies here; 'stanch policy init' writes a set to start from", name))
	}
	return d, errors.Join(errs...)
}

// forPeople reports whether the file says something to people or their tools only.
func forPeople(file string) bool {
	first, _, inFolder := strings.Cut(file, "/")
	return inFolder && (first == "schemas" || first == "samples") ||
		strings.HasSuffix(file, ".md") || path.Base(file) == "LICENSE" || strings.HasSuffix(file, ".go")
}

// Shown returns what errors call the file of d.
func (d Documents) Shown(file string) string { return shownPath(d.Name, file) }

func shownPath(name, file string) string {
	if name == "." {
		return file
	}
	return strings.TrimSuffix(name, "/") + "/" + file
}

func sortedKeys(files map[string][]byte) []string {
	keys := make([]string, 0, len(files))
	for k := range files {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func revisionOf(files map[string][]byte) string {
	sum := sha256.New()
	for _, file := range sortedKeys(files) {
		if forPeople(file) {
			continue
		}
		fmt.Fprintf(sum, "%d %s %d ", len(file), file, len(files[file]))
		sum.Write(files[file])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func readFiles(fsys fs.FS, name string) (map[string][]byte, error) {
	files, total := map[string][]byte{}, 0
	err := fs.WalkDir(fsys, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading policies: %w", err)
		}
		if file == "." {
			return nil
		}
		if strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			if strings.Count(file, "/") >= maxDepth {
				return fmt.Errorf("%s: more than %d folders in one another", shownPath(name, file), maxDepth)
			}
			return nil
		}
		if forPeople(file) {
			return nil
		}
		text, err := readFile(fsys, file)
		if err != nil {
			return fmt.Errorf("%s: %w", shownPath(name, file), err)
		}
		files[file] = text
		if total += len(text); total > maxTotal || len(files) > maxFiles {
			return fmt.Errorf("%s: more than %d files or %d MiB of policies", name, maxFiles, maxTotal>>20)
		}
		return nil
	})
	return files, err
}

func readFile(fsys fs.FS, file string) ([]byte, error) {
	info, err := fs.Stat(fsys, file) // follows links, as a ConfigMap has them
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), err
}
