package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Names of the tools, as the tables show them.
const (
	stanch      = "stanch"
	gitleaksRE2 = "gitleaks re2" // what its releases are
	gitleaksStd = "gitleaks std" // what `go install` gives
	kingfisher  = "kingfisher"
)

const (
	gitleaksModule    = "github.com/zricethezav/gitleaks/v8"
	stanchModule      = "github.com/stanch-dev/stanch"
	kingfisherVersion = "2.14.0"
)

// tool is one program to measure.
type tool struct {
	name    string
	path    string
	slow    bool                                   // scans a tenth of the data
	command func(in input, report string) []string // its arguments
	ok      []int                                  // exit codes of a scan that was completed
	scanned string                                 // expression for the bytes it says it has scanned
	env     []string
}

// findTools builds or fetches the tools into the cache. What cannot be had is told
// in missing, one line each; only without gitleaks as released there is no point.
func findTools(ctx context.Context, cache string) (tools []tool, missing []string, err error) {
	re2, err := buildGitleaks(ctx, cache, gitleaksRE2, "gore2regex")
	if err != nil {
		return nil, nil, err
	}
	tools = append(tools, re2)
	std, err := buildGitleaks(ctx, cache, gitleaksStd, "")
	if err != nil {
		return nil, nil, err
	}
	std.slow = true
	tools = append(tools, std)
	if kf, err := fetchKingfisher(ctx, cache); err == nil {
		tools = append(tools, kf)
	} else {
		missing = append(missing, fmt.Sprintf("kingfisher was not measured: %v; it needs python3 with venv and pip, 'make deps' installs them", err))
	}
	if own, err := buildStanch(ctx, cache); err == nil {
		tools = append([]tool{own}, tools...)
	} else {
		missing = append(missing, fmt.Sprintf("stanch was not measured: %v", err))
	}
	return tools, missing, nil
}

// output runs a command and returns its standard output; an error carries the last
// line that it said.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		said := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(name), args[0], err, said[len(said)-1])
	}
	return strings.TrimSpace(string(out)), nil
}

// buildGitleaks installs the version that go.mod names, with the dependencies of
// its own go.mod, so that it is what its authors release.
func buildGitleaks(ctx context.Context, cache, name, tags string) (tool, error) {
	version, err := output(ctx, "", nil, "go", "list", "-m", "-f", "{{.Version}}", gitleaksModule)
	if err != nil {
		return tool{}, err
	}
	bin := filepath.Join(cache, strings.ReplaceAll(name, " ", "-")+"-"+version)
	t := tool{
		name: name, path: filepath.Join(bin, "gitleaks"), ok: []int{0}, scanned: `scanned ~(\d+) bytes`,
		command: func(in input, report string) []string {
			args := []string{"dir", in.path}
			if in.stdin {
				args = []string{"stdin"}
			}
			return append(args, "--no-banner", "--no-color", "--exit-code", "0", "--report-format", "json", "--report-path", report)
		},
	}
	if _, err := os.Stat(t.path); err == nil {
		return t, nil
	}
	_, err = output(ctx, "", []string{"GOBIN=" + bin, "CGO_ENABLED=0"}, "go", "install", "-trimpath", "-tags="+tags, gitleaksModule+"@"+version)
	return t, err
}

// fetchKingfisher installs its Python package, which carries the binary, and fills
// its cache of compiled rules. It validates nothing and asks for no update: the
// benchmark uses no network.
func fetchKingfisher(ctx context.Context, cache string) (tool, error) {
	venv := filepath.Join(cache, kingfisher+"-"+kingfisherVersion)
	binary := func() string {
		found, _ := filepath.Glob(filepath.Join(venv, "lib/python3*/site-packages/kingfisher/bin/kingfisher"))
		return strings.Join(found, "")
	}
	if binary() == "" {
		if _, err := output(ctx, "", nil, "python3", "-m", "venv", venv); err != nil {
			return tool{}, err
		}
		if _, err := output(ctx, "", nil, filepath.Join(venv, "bin/pip"), "install", "--quiet", "kingfisher-bin=="+kingfisherVersion); err != nil {
			return tool{}, err
		}
	}
	if binary() == "" {
		return tool{}, errors.New("its package holds no binary")
	}
	return tool{
		name: kingfisher, path: binary(), ok: []int{0, 200}, scanned: `"bytes_scanned":(\d+)`,
		env: []string{"KF_RULE_CACHE_DIR=" + filepath.Join(venv, "rules")},
		command: func(in input, report string) []string {
			target := in.path
			if in.stdin {
				target = "-"
			}
			return []string{"scan", target, "--no-validate", "--no-update-check", "--git-history", "none", "--no-dedup",
				"--format", "json", "--output", report}
		},
	}, nil
}

// buildStanch builds the tree that this module stands in.
func buildStanch(ctx context.Context, cache string) (tool, error) {
	root, err := output(ctx, "", nil, "go", "list", "-m", "-f", "{{.Dir}}", stanchModule)
	if err != nil {
		return tool{}, err
	}
	path := filepath.Join(cache, stanch)
	if _, err := output(ctx, root, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", path, "."); err != nil {
		return tool{}, err
	}
	if _, err := output(ctx, "", nil, path, "scan", "--help"); err != nil {
		return tool{}, err
	}
	return tool{
		name: stanch, path: path, ok: []int{0, 1}, scanned: `scanned (\d+) of`,
		command: func(in input, report string) []string {
			target := in.path
			if in.stdin {
				target = "-"
			}
			return []string{"scan", target, "-o", "json"}
		},
	}, nil
}

// countFindings reads a report: a JSON array, or an object with one in "findings".
// It goes through the file item by item, since this process must stay small (see
// sample.rss).
func countFindings(path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	first, err := dec.Token()
	if err != nil {
		return 0, fmt.Errorf("reading the report %s: %w", path, err)
	}
	if first == json.Delim('{') {
		for key := json.Token(nil); key != "findings"; {
			if key, err = dec.Token(); err != nil {
				return 0, fmt.Errorf("no findings in the report %s: %w", path, err)
			}
		}
		if _, err := dec.Token(); err != nil {
			return 0, err
		}
	}
	for dec.More() {
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return n, fmt.Errorf("reading the report %s: %w", path, err)
		}
		n++
	}
	return n, nil
}
