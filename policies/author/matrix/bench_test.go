package matrix_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/source"
)

// TestMain keeps the properties quick on a busy machine; -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// company returns 1,000 workloads in 50 teams, 5,000 secrets and 5,000 grants: most
// for one secret or the secrets of an application, some for a team, some with a
// wildcard.
func company(tb testing.TB) source.Documents {
	d := defaults(tb)
	environments := []string{"prod", "stage", "dev"}
	for i := range 1000 {
		d.Universe.Principals = append(d.Universe.Principals, source.UniversePrincipal{ID: fmt.Sprintf("kubernetes/team%d/app%d", i%50, i), Groups: []string{fmt.Sprintf("team%d", i%50)}})
	}
	for i := range 5000 {
		environment := environments[i%3]
		d.Universe.Resources = append(d.Universe.Resources, source.UniverseResource{Path: fmt.Sprintf("kv/team%d/%s/app%d/s%d", i%50, environment, i%1000, i/1000), Environment: environment,
			Class: fmt.Sprint("class", i%7), Owner: fmt.Sprint("team", i%50), Kind: "static"})
	}
	for i := range 5000 {
		app := i % 1000
		g := source.Grant{ID: fmt.Sprint("grant", i), Subjects: []string{fmt.Sprintf("kubernetes/team%d/app%d", app%50, app)}, Can: []string{"read", "list"}}
		switch i / 1000 {
		case 0, 1, 2:
			g.Paths = []string{d.Universe.Resources[(i*7)%5000].Path}
		case 3:
			g.Paths = []string{fmt.Sprintf("kv/team%d/%s/app%d/**", app%50, environments[i%3], app)}
		default:
			g.Paths = []string{fmt.Sprintf("kv/team%d/%s/**", app%50, environments[i%3])}
			g.Can = []string{"read", "write"}
			if i%10 == 0 {
				g.Paths = []string{fmt.Sprintf("kv/team%d/*/app%d/s1", app%50, app)}
			}
			if i%20 == 1 {
				g.Subjects = []string{fmt.Sprintf("group/team%d", app%50)}
			}
		}
		d.Grants = append(d.Grants, g)
	}
	return d
}

// successor returns d with some grants taken away, some added, and a new denial.
func successor(d source.Documents, rule string) source.Documents {
	grants := append([]source.Grant{}, d.Grants[20:]...)
	d.Grants = append(grants, source.Grant{ID: "new", Subjects: []string{"group/team7"}, Paths: []string{"kv/team8/prod/**"}, Can: []string{"read"}})
	if rule == "" {
		return d
	}
	d.Modules = append(d.Modules[:len(d.Modules):len(d.Modules)], source.Module{Path: "access/added.rego", Text: []byte("package stanch.access\n\nd := {\"code\": \"added\", \"message\": \"-\"}\n" + rule)})
	return d
}

// cpu returns the processor time used so far, which other processes disturb less than
// the time that passes.
func cpu(tb testing.TB) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func BenchmarkDiff(b *testing.B) {
	before := company(b)
	for _, c := range []struct{ name, rule string }{
		{"grants", ""},
		{"rule", `deny contains d if { input.action.name == "sign"; input.subject.type == "human" }`},
		{"group", `deny contains d if { "group/team3" in input.subject.keys; input.resource.properties.environment == "prod" }`},
		{"owner", `deny contains d if { input.resource.properties.owner != input.subject.properties.groups[0]; input.action.name == "write" }`},
		{"keys", `deny contains d if { some key in input.subject.keys; startswith(key, "group/team4"); input.action.name == "write" }`},
	} {
		b.Run(c.name, func(b *testing.B) {
			after := successor(before, c.rule)
			u := matrix.UniverseOf(at, before, after)
			for b.Loop() {
				b.StopTimer()
				x, y := compile(b, before), compile(b, after)
				runtime.GC()
				b.StartTimer()
				start := cpu(b)
				got, err := matrix.Diff(context.Background(), x, y, u)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric((cpu(b) - start).Seconds(), "cpu-s")
				var memory runtime.MemStats
				runtime.ReadMemStats(&memory)
				b.ReportMetric(float64(got.Classes), "classes")
				b.ReportMetric(float64(memory.HeapSys>>20), "MiB-heap")
				b.ReportMetric(float64(got.Cells)/1e6, "Mcells")
			}
		})
	}
}

func BenchmarkWhoCan(b *testing.B) {
	d := company(b)
	u := matrix.UniverseOf(at, d)
	for b.Loop() {
		b.StopTimer()
		s := compile(b, d)
		b.StartTimer()
		if _, err := matrix.WhoCan(context.Background(), s, u, "read", d.Universe.Resources[17].Path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWhatCan(b *testing.B) {
	d := company(b)
	u := matrix.UniverseOf(at, d)
	for b.Loop() {
		b.StopTimer()
		s := compile(b, d)
		b.StartTimer()
		if _, err := matrix.WhatCan(context.Background(), s, u, u.Principals[7]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInvariants(b *testing.B) {
	d := company(b)
	d.Modules = append(d.Modules, source.Module{Path: "invariants.rego", Text: []byte(`package stanch.invariants

violation contains {"code": "x", "message": "-"} if {
	input.can.read
	input.can.write
	input.resource.properties.class == "class3"
}`)})
	u := matrix.UniverseOf(at, d)
	for b.Loop() {
		b.StopTimer()
		s := compile(b, d)
		b.StartTimer()
		if _, err := matrix.Invariants(context.Background(), s, u); err != nil {
			b.Fatal(err)
		}
	}
}
