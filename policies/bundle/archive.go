package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	opa "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/loader/filter"

	"github.com/stanch-dev/stanch/policies/source"
)

// Limits of a bundle, those of a policy directory unpacked.
const (
	maxArchive  = 16 << 20 // bytes as sent, unless Options say otherwise
	maxFile     = 8 << 20  // bytes of one file
	maxUnpacked = 32 << 20 // bytes of the tar, and of all files
	maxFiles    = 1000
)

// Files of a bundle that a policy directory does not have.
const (
	manifestFile   = ".manifest"
	signaturesFile = ".signatures.json"
)

// file is a file of a bundle.
type file struct {
	path string // with slashes and none before it
	text []byte
}

// unpack reads a tar.gz of at most max bytes to its end.
func unpack(r io.Reader, max int64) ([]file, error) {
	zipped, err := gzip.NewReader(&atMost{r: r, max: max, what: "sent"})
	if err != nil {
		return nil, unreadable(err)
	}
	plain := &atMost{r: zipped, max: maxUnpacked, what: "unpacked"}
	files, err := untar(tar.NewReader(plain))
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, plain); err != nil { // the checksum is at the end
		return nil, unreadable(err)
	}
	if !slices.ContainsFunc(files, func(f file) bool { return f.path == manifestFile }) {
		return nil, errors.New("the bundle has no .manifest; it names the roots, as in {\"roots\": [\"stanch\", \"config\"]}")
	}
	return files, nil
}

func untar(tr *tar.Reader) (files []file, err error) {
	seen, total := map[string]bool{}, 0
	for entries := 0; ; entries++ {
		header, err := tr.Next()
		switch {
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return nil, unreadable(err)
		case entries >= maxFiles:
			return nil, fmt.Errorf("more than %d files", maxFiles)
		}
		if header.Typeflag == tar.TypeDir || header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		f, err := untarFile(tr, header)
		switch {
		case err != nil:
			return nil, err
		case seen[f.path]:
			return nil, fmt.Errorf("%q stands in the bundle twice", f.path)
		}
		if total += len(f.text); total > maxUnpacked { // files with holes are short in the tar
			return nil, &tooLarge{maxUnpacked, "unpacked"}
		}
		seen[f.path] = true
		files = append(files, f)
	}
}

func untarFile(tr *tar.Reader, header *tar.Header) (file, error) {
	if header.Typeflag != tar.TypeReg {
		return file{}, fmt.Errorf("%q is not a regular file; a bundle has no links and no devices", header.Name)
	}
	name, err := checkName(header.Name)
	if err != nil {
		return file{}, err
	}
	if header.Size > maxFile {
		return file{}, fmt.Errorf("%q is larger than %d MiB", name, maxFile>>20)
	}
	text, err := io.ReadAll(tr)
	if err != nil {
		return file{}, unreadable(err)
	}
	if name == manifestFile && !json.Valid(text) {
		return file{}, errors.New(".manifest is not JSON")
	}
	return file{name, text}, nil
}

// checkName returns the path of a file of a bundle, as OPA writes it, without the
// slash before it. Names that are nothing we use are errors, as in a directory.
func checkName(name string) (string, error) {
	clean, dotted := strings.CutPrefix(name, "./")
	if !dotted {
		clean = strings.TrimPrefix(name, "/")
	}
	if !fs.ValidPath(clean) || strings.Contains(clean, `\`) || strings.ContainsFunc(clean, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return "", fmt.Errorf("%q cannot be the name of a file in a bundle", name)
	}
	folder, _, _ := strings.Cut(clean, "/")
	base := path.Base(clean)
	switch {
	case base == "patch.json":
		return "", errors.New("a delta bundle (patch.json) cannot be signed; send whole bundles (snapshot)")
	case base == opa.WasmFile || base == opa.PlanFile || base == opa.PlanProtoFile:
		return "", fmt.Errorf("%q is a compiled policy, which is not run; send the Rego", clean)
	case clean == manifestFile, clean == signaturesFile, clean == source.GrantsFile, clean == source.UniverseFile:
		return clean, nil
	case strings.HasPrefix(clean, ".") || strings.Contains(clean, "/."):
	case strings.HasSuffix(base, ".rego"), base == "data.json", base == "data.yaml", base == "data.yml",
		strings.HasSuffix(base, ".md"), base == "LICENSE", (folder == "schemas" || folder == "samples") && folder != clean:
		return clean, nil
	}
	return "", fmt.Errorf("%q is not a file of a bundle: it may hold .rego files, data.json and data.yaml, %s, %s, and folders schemas and samples", clean, source.GrantsFile, source.UniverseFile)
}

// unreadable explains an error of reading an archive.
func unreadable(err error) error {
	var large *tooLarge
	switch {
	case errors.As(err, &large):
		return large
	case errors.Is(err, gzip.ErrHeader):
		return errors.New("not a bundle, which is a tar.gz")
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return errors.New("the bundle is cut off")
	}
	return fmt.Errorf("the bundle is damaged: %w", err)
}

// atMost reads up to max bytes and fails on more.
type atMost struct {
	r    io.Reader
	max  int64
	what string // the bytes are: sent or unpacked
	n    int64  // bytes read
}

func (a *atMost) Read(p []byte) (int, error) {
	if room := a.max - a.n + 1; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := a.r.Read(p)
	if a.n += int64(n); a.n > a.max {
		return 0, &tooLarge{a.max, a.what}
	}
	return n, err
}

// tooLarge is the error of atMost.
type tooLarge struct {
	max  int64
	what string
}

func (e *tooLarge) Error() string {
	return fmt.Sprintf("the bundle has more than %d bytes %s", e.max, e.what)
}

// loader hands unpacked files to OPA's reader.
type loader struct {
	files []file
	next  int
}

// NextFile returns the next file, or io.EOF.
func (l *loader) NextFile() (*opa.Descriptor, error) {
	if l.next == len(l.files) {
		return nil, io.EOF
	}
	f := l.files[l.next]
	l.next++
	return opa.NewDescriptor(f.path, f.path, bytes.NewBuffer(f.text)), nil
}

// The files are filtered and limited already.

func (l *loader) WithFilter(filter.LoaderFilter) opa.DirectoryLoader { return l }
func (l *loader) WithPathFormat(opa.PathFormat) opa.DirectoryLoader  { return l }
func (l *loader) WithSizeLimitBytes(int64) opa.DirectoryLoader       { return l }
func (l *loader) WithFollowSymlinks(bool) opa.DirectoryLoader        { return l }
