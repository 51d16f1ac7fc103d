package matrix_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/source"
)

// shop is a policy directory with some grants and a universe.
func shop(t *testing.T, grants string, more ...source.Module) (source.Documents, *policies.Snapshot) {
	t.Helper()
	d := defaults(t)
	d.Name = "shop"
	d.Modules = append(d.Modules, more...)
	var err error
	if d.Grants, err = source.ParseGrants([]byte("grants:\n"+grants), "grants.yaml"); err != nil {
		t.Fatal(err)
	}
	if d.Universe, err = source.ParseUniverse([]byte(`
principals:
  - {id: human/ann, type: human, groups: [sre], mfa: true}
  - {id: human/bob, type: human, groups: [sre]}
  - {id: kubernetes/shop/api}
resources:
  - {path: kv/shop/prod/db, environment: prod, class: database}
  - {path: kv/shop/prod/mail, environment: prod}
`), "universe.yaml"); err != nil {
		t.Fatal(err)
	}
	return d, compile(t, d)
}

const shopGrants = `
  - {id: shop-api, subject: kubernetes/shop/api, path: kv/shop/prod/**, can: [read, list]}
  - {id: sre, subject: group/sre, path: kv/shop/prod/db, can: [read, reveal]}
`

func module(path, text string) source.Module { return source.Module{Path: path, Text: []byte(text)} }

func text(t *testing.T, v interface{ Write(io.Writer) error }) string {
	t.Helper()
	var b strings.Builder
	if err := v.Write(&b); err != nil {
		t.Fatal(err)
	}
	return "\n" + b.String()
}

func check(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoCanSaysHowItKnows(t *testing.T) {
	d, s := shop(t, shopGrants)
	w, err := matrix.WhoCan(context.Background(), s, matrix.UniverseOf(at, d), "read", "kv/shop/prod/db")
	if err != nil {
		t.Fatal(err)
	}
	check(t, text(t, &w), `
group/sre by sre
human/ann with a second factor by sre
human/bob by sre
kubernetes/shop/api by shop-api

Exact for any workload: of the keys that the policy asks for here, 2 suffice.
  group/sre by sre
  kubernetes/shop/api by shop-api
`)
	d, s = shop(t, shopGrants, module("access/added.rego", "package stanch.access\n\nallow if startswith(input.subject.id, \"human/\")"))
	if w, err = matrix.WhoCan(context.Background(), s, matrix.UniverseOf(at, d), "list", "kv/other"); err != nil {
		t.Fatal(err)
	}
	check(t, text(t, &w), `
human/ann with a second factor
human/bob

Enumerated 4 known principals: the policy also reads input.subject.id, so others may be allowed, too.
`)
}

func TestWhatCanListsPatterns(t *testing.T) {
	d, s := shop(t, shopGrants)
	u := matrix.UniverseOf(at, d)
	w, err := matrix.WhatCan(context.Background(), s, u, u.Principal("kubernetes/shop/api"))
	if err != nil {
		t.Fatal(err)
	}
	check(t, text(t, &w), `
kv/shop/prod/**: list, read by shop-api
kv/shop/prod/db: list, read by shop-api
kv/shop/prod/mail: list, read by shop-api

Where no grant says anything: none.
Enumerated 3 known resources: the policy also reads input.resource.properties.environment, so others may be open, too.
`)
}

func TestDiffSaysWhatChanged(t *testing.T) {
	d, before := shop(t, shopGrants)
	_, after := shop(t, strings.Replace(shopGrants, "kv/shop/prod/db", "kv/shop/prod/**", 1)+`
  - {id: api-again, subject: kubernetes/shop/api, path: kv/shop/prod/db, can: [read]}
`)
	u := matrix.UniverseOf(at, d, after.Documents())
	c, err := matrix.Diff(context.Background(), before, after, u)
	if err != nil {
		t.Fatal(err)
	}
	check(t, text(t, &c), `
+ 3 principals may now read kv/shop/prod/** (2 resources), by grant sre: human/ann, human/bob, group/sre
+ 2 principals may now reveal kv/shop/prod/** (2 resources), by grant sre: human/ann, group/sre
~ 1 principal may still read kv/shop/prod/db, by grants api-again, shop-api, before grant shop-api: kubernetes/shop/api

Compared 4 principals × 3 resources × 9 capabilities = 108 cells, in 12 classes.
`)
	// The same grants with another rule: nothing connects the cells that change.
	_, after = shop(t, shopGrants, module("access/added.rego", "package stanch.access\n\nallow if input.subject.type == \"human\"\n\n"+
		"deny contains {\"code\": \"database\", \"message\": \"-\"} if {\n\tinput.resource.properties.class == \"database\"\n\tinput.subject.type == \"workload\"\n}"))
	if c, err = matrix.Diff(context.Background(), before, after, u); err != nil {
		t.Fatal(err)
	}
	check(t, text(t, &c), `
+ 2 principals may now admin, delete, issue, list, rotate, sign, write kv/shop/prod/** (3 resources), by the policy without a grant: human/ann, human/bob
+ 2 principals may now read, reveal kv/shop/prod/** (2 resources), by the policy without a grant: human/ann, human/bob
+ 1 principal may now reveal kv/shop/prod/db, no longer denied by mfa_required: human/bob
- 2 principals may no longer read kv/shop/prod/db, denied by database: kubernetes/shop/api, group/sre
- 1 principal may no longer list kv/shop/prod/db, denied by database: kubernetes/shop/api
- 1 principal may no longer reveal kv/shop/prod/db, denied by database: group/sre

Compared 4 principals × 3 resources × 9 capabilities = 108 cells, in 12 classes.
`)
	if c, err = matrix.Diff(context.Background(), before, before, u); err != nil || !c.Empty() {
		t.Errorf("a policy differs from itself: %+v, %v", c, err)
	}
}

func TestWhatCannotBeDecidedIsDeniedAndSaidSo(t *testing.T) {
	d, before := shop(t, shopGrants)
	_, after := shop(t, shopGrants, module("access/added.rego", "package stanch.access\n\nobligations contains to_number(input.resource.properties.class) if input.action.name == \"read\""))
	u := matrix.UniverseOf(at, d)
	c, err := matrix.Diff(context.Background(), before, after, u)
	if err != nil {
		t.Fatal(err)
	}
	check(t, text(t, &c), `
- 4 principals may no longer read kv/shop/prod/** (3 resources), denied by policy_failed: human/ann, human/bob, kubernetes/shop/api, …
! shop could not decide 6 cells, which counts as denied: data.stanch.access.decision: shop/access/added.rego:3: to_number: strconv.ParseFloat: parsing "database": invalid syntax

Compared 4 principals × 3 resources × 9 capabilities = 108 cells, in 12 classes.
`)
}

func TestInvariantsFailClosed(t *testing.T) {
	for _, c := range []struct{ name, rules, want string }{
		{"hold", `violation contains {"code": "c", "message": "m"} if input.can.admin`, `
no invariant is violated

Checked for every known principal, resource and capability; this is no proof for those that nobody listed.
`},
		{"violated", `violation contains {"code": "reveal", "message": sprintf("%s reveals", [input.subject.id])} if {
	input.decision.allow
	input.action.name == "reveal"
}`, `
reveal: group/sre reveals (1 cell, such as group/sre: reveal kv/shop/prod/db)
reveal: human/ann reveals (1 cell, such as human/ann: reveal kv/shop/prod/db)

Checked for every known principal, resource and capability; this is no proof for those that nobody listed.
`},
		{"error", `violation contains {"code": "c", "message": "m"} if to_number(input.resource.properties.class) > 1`, `
invariant_failed: data.stanch.invariants.violation: shop/invariants.rego:3: eval_builtin_error: to_number: strconv.ParseFloat: parsing "": invalid syntax (72 cells, such as human/ann: admin kv/shop/prod/mail)
invariant_failed: data.stanch.invariants.violation: shop/invariants.rego:3: eval_builtin_error: to_number: strconv.ParseFloat: parsing "database": invalid syntax (36 cells, such as human/ann: admin kv/shop/prod/db)

Checked for every known principal, resource and capability; this is no proof for those that nobody listed.
`},
		{"no rule", `violations contains 1 if input.can.read`, `
invariant_failed: data.stanch.invariants.violation is undefined; write it as 'violation contains {"code": …, "message": …} if …' (108 cells, such as human/ann: admin kv/shop/prod/db)

Checked for every known principal, resource and capability; this is no proof for those that nobody listed.
`},
		{"text", `violation := "none"`, `
invariant_failed: data.stanch.invariants.violation is not a set (108 cells, such as human/ann: admin kv/shop/prod/db)

Checked for every known principal, resource and capability; this is no proof for those that nobody listed.
`},
		{"other keys", `violation contains {"code": "c"} if input.action.name == "read"`, `
invariant_failed: data.stanch.invariants.violation has an element that is not {code, message} (12 cells, such as human/ann: read kv/shop/prod/db)

Checked for every known principal, resource and capability; this is no proof for those that nobody listed.
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, s := shop(t, shopGrants, module("invariants.rego", "package stanch.invariants\n\n"+c.rules))
			got, err := matrix.Invariants(context.Background(), s, matrix.UniverseOf(at, d))
			if err != nil {
				t.Fatal(err)
			}
			check(t, text(t, got), c.want)
		})
	}
}

func TestViolationsAreBounded(t *testing.T) {
	d, s := shop(t, shopGrants, module("invariants.rego", `package stanch.invariants

violation contains {"code": "c", "message": input.resource.id} if input.action.name == "read"`))
	for i := range 1100 {
		d.Universe.Resources = append(d.Universe.Resources, source.UniverseResource{Path: fmt.Sprint("kv/", i)})
	}
	u := matrix.UniverseOf(at, d)
	u.Principals = u.Principals[:2]
	got, err := matrix.Invariants(context.Background(), s, u)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, v := range got {
		total += v.Count
	}
	if len(got) != 1001 || total != len(u.Principals)*len(u.Resources) {
		t.Errorf("%d violations in %d cells", len(got), total)
	}
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	d, s := shop(t, shopGrants, module("invariants.rego", `package stanch.invariants

violation contains {"code": "c", "message": "m"} if input.can.admin`))
	u := matrix.UniverseOf(at, d)
	if _, err := matrix.WhoCan(context.Background(), s, u, "fly", "kv/a"); err == nil || !strings.Contains(err.Error(), "there are admin, delete") {
		t.Errorf("unknown capability: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, who := matrix.WhoCan(ctx, s, u, "read", "kv/a")
	_, what := matrix.WhatCan(ctx, s, u, u.Principals[0])
	_, diff := matrix.Diff(ctx, s, s, u)
	_, invariants := matrix.Invariants(ctx, s, u)
	for _, err := range []error{who, what, diff, invariants} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled, but %v", err)
		}
	}
	_, s = shop(t, shopGrants, module("access/added.rego", "package stanch.access\n\nallow if input.subject.id == input.resource.id"))
	u = matrix.Universe{Capabilities: source.Capabilities()}
	for i := range 9000 {
		u.Principals = append(u.Principals, matrix.Principal{Principal: policies.Principal{ID: fmt.Sprint(i)}})
		u.Resources = append(u.Resources, matrix.Resource{Resource: policies.Resource{ID: fmt.Sprint(i)}})
	}
	if _, err := matrix.Diff(context.Background(), s, s, u); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("too large a universe: %v", err)
	}
}

func TestUniverseHasWhomAndWhatGrantsName(t *testing.T) {
	d, _ := shop(t, `
  - {id: a, subjects: [human/ann, kubernetes/new], path: "kv/*/prod/db", can: [read]}
  - {id: b, subject: group/sre, paths: ["**", kv/any/prod/db, kv/shop/prod/db], can: [read]}
`)
	old, _ := shop(t, "")
	old.Universe.Resources[0].Class = "old"
	u := matrix.UniverseOf(at, old, d)
	var got []string
	for _, p := range u.Principals {
		got = append(got, fmt.Sprint(p.Type, " ", p.ID, " ", p.Keys, " ", p.MFA))
	}
	for _, r := range u.Resources {
		got = append(got, fmt.Sprint(r.Shown, " ", r.ID, " ", r.Properties.Class, " ", len(r.Ancestors)))
	}
	check(t, "\n"+strings.Join(got, "\n")+"\n", `
human human/ann [human/ann group/sre] true
human human/bob [human/bob group/sre] false
workload kubernetes/shop/api [kubernetes/shop/api] false
workload human/ann [human/ann] false
workload kubernetes/new [kubernetes/new] false
workload group/sre [group/sre] false
kv/shop/prod/db kv/shop/prod/db database 5
kv/shop/prod/mail kv/shop/prod/mail  5
kv/any/prod/db kv/any/prod/db  5
** any  2
kv/*/prod/db kv/any-/prod/db  5
`)
}
