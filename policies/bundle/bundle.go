// Package bundle reads, writes and fetches policies as OPA bundles: a tar.gz with a
// .manifest, signed as OPA signs. So a server that serves bundles to OPA (a control
// plane, object storage, plain nginx) can serve ours.
//
// A bundle holds what a policy directory holds (see policies/source). Data comes as
// OPA's tools leave it, in data.json or data.yaml anywhere below these roots:
//
//	stanch      Rego packages; never data
//	config      data.config, as in config/data.yaml
//	grants      data.grants, the list that grants.yaml has under "grants"
//	universe    data.universe, as in universe.yaml
//	schemas, samples    for people; not used
//
// The files grants.yaml and universe.yaml may stand in it instead; OPA verifies them
// and does not read them. The manifest names the roots the bundle has; index, which
// stanch makes itself, is never one of them.
//
// Every byte that decides was verified: the archive is unpacked once, within limits,
// OPA's reader checks the signature and each file against it, and the result is
// taken from what was checked. A bundle that is not wholly right is refused whole.
// A signature does not say that a bundle is the newest: who can answer for the
// server can serve an older one.
package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

// maxRevision is the length of a manifest's revision, which logs repeat.
const maxRevision = 200

// Options say what bundle is accepted.
type Options struct {
	// Keys verify signatures, by the key id that a signature names.
	Keys map[string]Key
	// KeyID is the only key that counts, and counts also for signatures that name
	// none. Empty: the signature names its key.
	KeyID string
	// Scope must be the scope of the signature, which is empty if it has none.
	Scope string
	// MaxBytes limits the archive as it is sent; zero: 16 MiB.
	MaxBytes int64
	// AllowUnsigned takes bundles without looking at signatures: whoever can answer
	// for their server decides. It does not go with Keys.
	AllowUnsigned bool
}

// Read reads the bundle that errors call name. Its revision is the manifest's, or
// that of the text as for a directory. With an error the documents are empty. The
// lines that errors and grants name are those of the file, or of the data printed
// with two spaces if it came with other data.
func Read(r io.Reader, name string, o Options) (source.Documents, error) {
	docs, err := read(r, name, o)
	if err != nil {
		return source.Documents{}, err
	}
	return docs, nil
}

func read(r io.Reader, name string, o Options) (source.Documents, error) {
	verification, err := o.verification()
	if err != nil {
		return source.Documents{}, err
	}
	files, err := unpack(r, o.maxBytes())
	if err != nil {
		return source.Documents{}, fmt.Errorf("%s: %w", name, err)
	}
	b, err := opa.NewCustomReader(&loader{files: files}).
		WithBundleVerificationConfig(verification).
		WithSkipBundleVerification(o.AllowUnsigned).
		WithLazyLoadingMode(false).
		WithSizeLimitBytes(maxFile).
		WithCapabilities(sandbox.Capabilities()).
		WithProcessAnnotations(true).
		WithRegoVersion(ast.RegoV1).
		Read()
	if err != nil {
		return source.Documents{}, refused(err, name)
	}
	if err := checkManifest(b.Manifest); err != nil {
		return source.Documents{}, fmt.Errorf("%s/%s: %w", name, manifestFile, err)
	}
	if err := checkConfig(files, name); err != nil {
		return source.Documents{}, err
	}
	texts, err := policyDirectory(files, b.Data)
	if err != nil {
		return source.Documents{}, fmt.Errorf("%s: %w", name, err)
	}
	docs, err := source.FromFiles(texts, name)
	if b.Manifest.Revision != "" {
		docs.Revision = b.Manifest.Revision
	}
	return docs, err
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return maxArchive
}

// refused returns the error of OPA's reader with the bundle's name. Mistakes in Rego
// have the file and line that those in a directory have.
func refused(err error, name string) error {
	var list ast.Errors
	var one *ast.Error
	if !errors.As(err, &list) && !errors.As(err, &one) {
		return fmt.Errorf("%s: the bundle was refused: %w", name, err)
	}
	all := sandbox.ErrorsOf(err, "")
	for _, e := range all {
		e.File = name + "/" + e.File
	}
	return all
}

// checkManifest refuses what we do not do, after OPA checked that packages and data
// are within the roots.
func checkManifest(m opa.Manifest) error {
	roots := []string{"stanch", "config", "grants", "universe", "schemas", "samples"}
	for _, root := range *m.Roots {
		first, _, _ := strings.Cut(root, "/")
		if !slices.Contains(roots, first) {
			return fmt.Errorf("the root %q is not for bundles; list those that the bundle has of %s", root, strings.Join(roots, ", "))
		}
	}
	versions := []int{1}
	if m.RegoVersion != nil {
		versions = append(versions, *m.RegoVersion)
	}
	for _, v := range m.FileRegoVersions {
		versions = append(versions, v)
	}
	switch {
	case slices.Max(versions) != 1 || slices.Min(versions) != 1:
		return errors.New("policies are written in version 1 of Rego; rego_version may only be 1")
	case len(m.WasmResolvers) > 0:
		return errors.New("compiled policies (wasm) are not run; send the Rego")
	case len(m.Revision) > maxRevision || strings.ContainsFunc(m.Revision, func(c rune) bool { return !unicode.IsPrint(c) }):
		return fmt.Errorf("a revision has at most %d bytes, all of them printable", maxRevision)
	}
	return nil
}

// checkConfig reads the text of the configuration only for the lines that its errors
// name: those of the file, if it has one of its own.
func checkConfig(files []file, name string) error {
	for _, f := range files {
		if path.Dir(f.path) == path.Dir(source.ConfigFile) && opa.IsStructuredDoc(f.path) {
			if _, err := source.ParseConfig(f.text, name+"/"+f.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// policyDirectory returns the files of a policy directory that say what the files of
// the bundle and the data in it say.
func policyDirectory(files []file, data map[string]any) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, f := range files {
		if strings.HasSuffix(f.path, ".rego") || f.path == source.GrantsFile || f.path == source.UniverseFile {
			texts[f.path] = f.text
		}
	}
	for _, d := range []struct{ key, file string }{{"config", source.ConfigFile}, {"grants", source.GrantsFile}, {"universe", source.UniverseFile}} {
		value, has := data[d.key]
		if !has {
			continue
		}
		if _, twice := texts[d.file]; twice {
			return nil, fmt.Errorf("data.%s and the file %s say the same; leave one out", d.key, d.file)
		}
		if d.key == "grants" {
			value = map[string]any{d.key: value}
		}
		// The text that was sent may say something else to another parser than to
		// the one that verified it. What was verified is written out.
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("data.%s: %w", d.key, err)
		}
		texts[d.file] = text
	}
	if _, has := data["stanch"]; has {
		return nil, errors.New("there is data below stanch, where rules live; put it below config/custom")
	}
	return texts, nil
}
