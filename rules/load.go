package rules

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/zricethezav/gitleaks/v8/config"
)

const (
	maxFileSize    = 8 << 20 // bytes; the default rules have 120 kB
	maxExtendDepth = 2       // gitleaks' limit
	defaultName    = "gitleaks default rules"
)

// Default returns gitleaks' default rules.
func Default() (*Ruleset, error) {
	return parse(defaultName, []byte(config.DefaultConfig), 0)
}

// Load reads a rules file in gitleaks' TOML, and the files it extends. A relative
// extend.path is looked for beside the file that names it, then, as gitleaks
// does, in the working directory. Every error names a file and, where there is
// one, a line.
func Load(path string) (*Ruleset, error) {
	return load(path, 0)
}

// Parse reads rules from memory; name stands for the file in errors.
func Parse(name string, text []byte) (*Ruleset, error) {
	return parse(name, text, 0)
}

func load(path string, depth int) (*Ruleset, error) {
	text, err := readLimited(path)
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	return parse(path, text, depth)
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFileSize {
		return nil, fmt.Errorf("%s: larger than %d bytes, too large for a rules file", path, maxFileSize)
	}
	return text, nil
}

// base loads the ruleset that e extends; nil when it extends none.
func (e *extendFile) base(name string, depth int) (*Ruleset, error) {
	switch {
	case e.URL != "":
		return nil, errors.New("extend.url is not supported: download the file and name it with extend.path")
	case e.Path != "" && e.UseDefault:
		return nil, errors.New("extend.path and extend.useDefault exclude each other")
	case e.Path == "" && !e.UseDefault:
		return nil, nil
	case depth == maxExtendDepth:
		return nil, fmt.Errorf("rules extend each other more than %d deep", maxExtendDepth)
	case e.UseDefault:
		return parse(defaultName, []byte(config.DefaultConfig), depth+1)
	}
	beside := filepath.Join(filepath.Dir(name), e.Path)
	if _, err := os.Stat(beside); err == nil && !filepath.IsAbs(e.Path) {
		return load(beside, depth+1)
	}
	return load(e.Path, depth+1)
}
