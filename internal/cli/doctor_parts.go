package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/redact"
)

func splitLines(text string) []string { return strings.Split(text, "\n") }

func (d *doctor) rules(in *config.Ingress) {
	set, err := rules.Motion()
	name := "built in"
	if in.Rules != "" {
		name = in.Rules
		set, err = rules.LoadMotion(in.Rules)
	}
	if err == nil {
		_, err = motionScanner(stdio{err: io.Discard}, in.Rules)
	}
	switch {
	case err != nil:
		d.fail("rules", err)
	case len(set.Warnings) > 0:
		d.warn("rules", "%s", strings.Join(set.Warnings, "\n"))
	default:
		d.ok("rules", "%s: %s", name, count(len(set.Rules), "rule"))
	}
}

// known returns the known secrets, nil for none.
func (d *doctor) known(in *config.Ingress) *known.Set {
	if in.Known == "" {
		return nil
	}
	set, err := known.Load(in.Known)
	if err != nil {
		d.fail("known", err)
		return nil
	}
	if refused := len(set.Refused()); refused > 0 {
		d.warn("known", "%s: %d of %s cannot be found: see 'stanch known status'", in.Known, refused, count(set.Len()+refused, "secret"))
	} else {
		d.ok("known", "%s: %s", in.Known, count(set.Len(), "secret"))
	}
	return set
}

func (d *doctor) policies(in *config.Ingress) {
	name := "built in"
	docs, err := policies.Defaults()
	if in.Policies != "" {
		name = in.Policies
		docs, err = source.ReadDir(in.Policies)
	}
	var s *policies.Snapshot
	if err == nil {
		s, err = policies.Compile(docs)
	}
	if err != nil {
		d.fail("policies", err)
		return
	}
	d.ok("policies", "%s: revision %s", name, s.Revision())
}

func (d *doctor) sealKey(file string) {
	if _, err := sealing(redact.New(), file); err != nil {
		d.fail("seal key", err)
		return
	}
	d.ok("seal key", "%s", file)
}

// logs looks whether the files of the settings can be written, without making them.
func (d *doctor) logs(in *config.Ingress) {
	for _, log := range []struct{ name, file string }{{"access log", in.AccessLog}, {"findings", in.Findings}} {
		if log.file == "" || log.file == "-" {
			continue
		}
		file, err := os.OpenFile(log.file, os.O_WRONLY|os.O_APPEND, 0)
		if errors.Is(err, os.ErrNotExist) {
			err = writableDir(filepath.Dir(log.file))
		} else if err == nil {
			err = file.Close()
		}
		if err != nil {
			d.fail(log.name, err)
		} else {
			d.ok(log.name, "%s can be written", log.file)
		}
	}
}
