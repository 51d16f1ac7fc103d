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
	return parse(defaultName, []byte(config.DefaultConfig), loading{carrier: ForScan})
}

// Load reads a rules file in gitleaks' TOML, and the files it extends. A relative
// extend.path is looked for beside the file that names it, then, as gitleaks
// does, in the working directory. Every error names a file and, where there is
// one, a line.
func Load(path string) (*Ruleset, error) {
	return load(path, loading{carrier: ForScan})
}

// Parse reads rules from memory; name stands for the file in errors.
func Parse(name string, text []byte) (*Ruleset, error) {
	return parse(name, text, loading{carrier: ForScan})
}

func load(path string, l loading) (*Ruleset, error) {
	text, err := readLimited(path)
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	return parse(path, text, l)
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

// base loads the ruleset that a file extends; nil when it extends none.
func (e *extendFile) base(name string, l loading) (*Ruleset, error) {
	switch {
	case e.URL != "":
		return nil, errors.New("extend.url is not supported: download the file and name it with extend.path")
	case e.Path != "" && e.UseDefault:
		return nil, errors.New("extend.path and extend.useDefault exclude each other")
	case e.Path == "" && !e.UseDefault:
		return l.base, nil
	case l.depth == maxExtendDepth:
		return nil, fmt.Errorf("rules extend each other more than %d deep", maxExtendDepth)
	case e.UseDefault && l.carrier == ForMotion:
		return Motion()
	case e.UseDefault:
		return Default()
	}
	l.depth++
	beside := filepath.Join(filepath.Dir(name), e.Path)
	if _, err := os.Stat(beside); err == nil && !filepath.IsAbs(e.Path) {
		return load(beside, l)
	}
	return load(e.Path, l)
}
