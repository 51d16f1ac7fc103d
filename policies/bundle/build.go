package bundle

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/stanch-dev/stanch/policies/source"
)

// Signing signs a bundle.
type Signing struct {
	KeyID     string // what the bundle says it was signed with
	PEM       []byte // the private key
	Algorithm string // empty: as for Key
}

// Build writes the policy directory dir to w as a bundle, with its tests, under the
// revision, or that of the directory if it is empty. Signing nil leaves it unsigned.
// What is written was read again with Read and is whole; on an error nothing is.
func Build(w io.Writer, dir, revision string, signing *Signing) error {
	docs, texts, err := readDir(dir)
	if err != nil {
		return err
	}
	b := opa.Bundle{Data: map[string]any{}}
	if b.Data["config"], err = docs.Config.Data(); err != nil {
		return fmt.Errorf("%s: %w", docs.Name, err)
	}
	delete(texts, source.ConfigFile)
	for _, path := range slices.Sorted(maps.Keys(texts)) { // OPA writes and signs what is no Rego just so
		b.Modules = append(b.Modules, opa.ModuleFile{Path: "/" + path, Raw: texts[path]})
	}
	if revision == "" {
		revision = docs.Revision
	}
	v1 := 1
	b.Manifest = opa.Manifest{Revision: revision, Roots: &[]string{"config", "stanch"}, RegoVersion: &v1}
	options := Options{AllowUnsigned: true}
	if signing != nil {
		if options, err = signing.sign(&b); err != nil {
			return err
		}
	}
	var archive bytes.Buffer
	if err := opa.NewWriter(&archive).UseModulePath(true).DisableFormat(true).Write(b); err != nil {
		return fmt.Errorf("writing the bundle of %s: %w", dir, err)
	}
	if _, err := Read(bytes.NewReader(archive.Bytes()), dir, options); err != nil {
		return fmt.Errorf("the bundle would not be accepted: %w", err)
	}
	_, err = w.Write(archive.Bytes())
	return err
}

// readDir returns the documents of a directory and the texts they were made of.
func readDir(dir string) (source.Documents, map[string][]byte, error) {
	docs, err := source.ReadDir(dir)
	if err != nil {
		return docs, nil, err
	}
	texts := map[string][]byte{}
	for _, m := range docs.Modules {
		texts[m.Path] = m.Text
	}
	for _, file := range []string{source.ConfigFile, source.GrantsFile, source.UniverseFile} {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err == nil {
			texts[file] = text
		} else if !errors.Is(err, fs.ErrNotExist) {
			return docs, nil, fmt.Errorf("reading policies: %w", err)
		}
	}
	docs, err = source.FromFiles(texts, dir) // these and no others, if one just changed
	return docs, texts, err
}

// sign signs b and returns the options that accept it.
func (s Signing) sign(b *opa.Bundle) (Options, error) {
	if s.KeyID == "" {
		return Options{}, errors.New("signing: a key needs an id, by which its public half is found")
	}
	block, _ := pem.Decode(s.PEM)
	if block == nil {
		return Options{}, errors.New("signing: not a private key in PEM form")
	}
	private, err := parsePrivate(block)
	if err != nil {
		return Options{}, fmt.Errorf("signing: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return Options{}, errors.New("signing: a key of this type cannot be used")
	}
	algorithm, err := algorithm(private.Public(), s.Algorithm)
	if err != nil {
		return Options{}, fmt.Errorf("signing: %w", err)
	}
	// Written anew, since OPA takes a text that does not begin with the PEM block for
	// the name of a file.
	config := opa.NewSigningConfig(string(pem.EncodeToMemory(block)), algorithm, "")
	if err := b.GenerateSignature(config, s.KeyID, true); err != nil {
		return Options{}, fmt.Errorf("signing: %w", err)
	}
	key := Key{PEM: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), Algorithm: algorithm}
	return Options{Keys: map[string]Key{s.KeyID: key}}, nil
}

func parsePrivate(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("a PEM block of type %q; signing needs the private key, not encrypted", block.Type)
	}
	signer, can := key.(crypto.Signer)
	if err != nil || !can {
		return nil, errors.New("the PEM block does not hold a private key that can sign")
	}
	return signer, nil
}
