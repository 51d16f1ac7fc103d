package matrix

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
	"github.com/open-policy-agent/opa/v1/rego"
)

func TestZZ(t *testing.T) {
	d, _ := policies.Defaults()
	d.Grants = []source.Grant{{ID: "g", Subjects: []string{"k1"}, Paths: []string{"kv/**"}, Can: []string{"read"}}}
	d.Modules = append(d.Modules, source.Module{Path: "access/added.rego", Text: []byte("package stanch.access\nd := {\"code\": \"added\", \"message\": \"-\"}\ndeny contains d if { count(input.subject.keys) > 1; input.action.name == \"sign\" }")})
	s, err := policies.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	u := UniverseOf(time.Now(), d)
	r := u.Resource("kv/x")
	in := u.input(&Principal{}, &r, "read")
	left, err := residue(context.Background(), s, in)
	fmt.Println(err)
	fmt.Println(beyondKeys(left))
	pq, err := rego.New(rego.Query(policies.EntryAccess.Query()), rego.Compiler(s.Compiler()), rego.Store(s.Store()),
		rego.Unknowns([]string{"input.subject"}), rego.ParsedInput(policies.Term(in).Value), rego.StrictBuiltinErrors(true)).Partial(context.Background())
	for _, q := range pq.Queries { fmt.Println("Q", q) }
	for _, q := range pq.Support { fmt.Println("S", q) }
	d.Modules[len(d.Modules)-1].Text = []byte("package stanch.access")
	s, _ = policies.Compile(d)
	pq, err = rego.New(rego.Query(policies.EntryAccess.Query()), rego.Compiler(s.Compiler()), rego.Store(s.Store()),
		rego.Unknowns([]string{"input.subject"}), rego.ParsedInput(policies.Term(in).Value), rego.StrictBuiltinErrors(true)).Partial(context.Background())
	for _, q := range pq.Queries { fmt.Println("Q", q) }
	for _, q := range pq.Support { fmt.Println("S", q) }
}
