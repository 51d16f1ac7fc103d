package sandbox_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What one evaluation of a bomb may take: the process that runs it, a Go program with
// OPA in it, needs 40 MiB by itself.
const (
	maxMemory = 600 << 20
	hangs     = 60 * time.Second // a bomb that was not stopped; the deadline is far below
)

// text returns rules t0 to tn, of which tn is a text of 2^n bytes, and list rules l0
// to ln, of which ln has 2^n elements.
func text(n int) string { return steps("t", n, `"a"`, `concat("", [PREV, PREV])`) }

func list(n int) string { return steps("l", n, "[1]", "array.concat(PREV, PREV)") }

// bombs are rules of which the last is called bomb. Each would take the memory or the
// time of the process; none may end with an answer.
var bombs = []struct{ name, rules string }{
	// Loops.
	{"product", `bomb := count([1 | some i in numbers.range(1, 90000); some j in numbers.range(1, 90000); i * j < 0])`},
	{"product of three", `bomb := count([1 | some i in l14; some j in l14; some k in l14; i + j + k < 0])`},
	{"set of a product", `bomb := count({[i, j, k] | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); some k in numbers.range(1, 3000)})`},
	{"object of a product", `bomb := count({i: {j: 1 | some j in numbers.range(1, 90000)} | some i in numbers.range(1, 90000)})`},
	{"every of a product", "bomb if {\n\tevery i in l16 {\n\t\tevery j in l16 {\n\t\t\ti == j\n\t\t}\n\t}\n}"},
	{"walk of a product", `bomb := count([1 | walk([l16, l16], [p, v]); walk([l16, l16], [q, w]); p == q; v != w])`},
	{"partial set", "bomb contains [i, j] if {\n\tsome i in l16\n\tsome j in numbers.range(1, 90000)\n}"},
	{"function of a product", "f(x, y) := (x * y) % 7\n\nbomb := sum([f(i, j) | some i in numbers.range(1, 90000); some j in numbers.range(1, 90000)])"},
	{"functions in a row", steps("f", 20, "1", `sum([x | some y in [1, 2, 3]; x := y + count([z | some z in [1, 2, 3, 4]; z > PREV])])`) + "bomb := count([1 | some i in l16; some j in l16; f20 > i + j])"},

	// Texts.
	{"concat", text(21) + `bomb := count(t21)`},
	{"replace", text(15) + `bomb := count(replace(t15, "a", t15))`},
	{"replace of nothing", text(15) + `bomb := count(replace(t15, "", t15))`},
	{"replace a long one", text(20) + `bomb := count(replace(t20, concat("", ["b", t19]), ""))`},
	{"replace_n", text(15) + `bomb := count(strings.replace_n({"a": t15, "b": t14}, t15))`},
	{"replace_n of long ones", text(19) + `bomb := count(strings.replace_n({concat("", [t18, "b"]): "", concat("", [t18, "c"]): ""}, t19))`},
	{"regex.replace", text(15) + `bomb := count(regex.replace(t15, "a", t15))`},
	{"regex.replace by a group", text(14) + `bomb := count(regex.replace(t14, "(a+)", concat("", ["$1$1$1$1" | some _ in l10])))`},
	{"sprintf", text(19) + `bomb := count(sprintf("%s%s%s%s%s%s%s%s", [t19, t19, t19, t19, t19, t19, t19, t19]))`},
	{"sprintf by index", text(19) + `bomb := count(sprintf("%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s", [t19]))`},
	{"sprintf of a width", `bomb := count(sprintf("%999999999d", [1]))`},
	{"sprintf of a width from outside", `bomb := count(sprintf("%*d", [999999999, 1]))`},
	{"sprintf of a precision", `bomb := count(sprintf("%.999999999f", [1.5]))`},
	{"sprintf of a value", wide + `bomb := count(sprintf("%v", [wide]))`},
	{"template", steps("t", 20, `"aa"`, `$"{PREV}{PREV}{PREV}{PREV}"`) + `bomb := count(t20)`},
	{"template of a value", wide + `bomb := count($"{wide}")`},
	{"json.marshal", wide + `bomb := count(json.marshal(wide))`},
	{"json.marshal of texts", steps("t", 40, `"\\"`, `json.marshal(PREV)`) + `bomb := count(t40)`},
	{"urlquery.encode", text(18) + `bomb := count(urlquery.encode(urlquery.encode(replace(t18, "a", "%"))))`},
	{"urlquery.encode_object", text(20) + `bomb := count(urlquery.encode_object({"a": [t20 | some _ in l10]}))`},
	{"hex.encode", text(20) + `bomb := count(hex.encode(hex.encode(t20)))`},
	{"base64.encode", text(20) + `bomb := count(base64.encode(base64.encode(t20)))`},
	{"glob.quote_meta", text(18) + `bomb := count(glob.quote_meta(glob.quote_meta(glob.quote_meta(replace(t18, "a", "*")))))`},
	{"time.format", text(20) + `bomb := count(time.format([1, "UTC", t20]))`},
	{"texts that are kept", text(20) + `bomb := count([x | some i in numbers.range(1, 90000); x := concat("", [t19, sprintf("%d", [i])])])`},

	// Lists.
	{"array.concat", list(28) + `bomb := count(l28)`},
	{"array.flatten", `bomb := count(array.flatten([l16 | some _ in l10]))`},
	{"numbers.range", `bomb := count(numbers.range(1, 1000000000))`},
	{"numbers.range of huge numbers", `bomb := count(numbers.range(-99999999999999999999999999, 99999999999999999999999999))`},
	{"numbers.range_step", `bomb := count(numbers.range_step(1, 1000000000, 2))`},
	{"split", text(20) + `bomb := count(split(t20, ""))`},
	{"strings.split_n", text(20) + `bomb := count(strings.split_n(t20, "", -1))`},
	{"indexof_n", text(20) + `bomb := count(indexof_n(t20, t19))`},
	{"indexof", text(19) + `bomb := indexof(replace(t18, "a", "é"), concat("", [replace(t17, "a", "é"), "b"]))`},
	{"trim", text(18) + `bomb := count(trim(replace(t18, "a", "é"), concat("", [replace(t18, "a", "ü"), "é"])))`},
	{"object.subset", `bomb if object.subset(l16, array.concat(l15, [2]))`},
	{"object.union_n", "o := {i: i | some i in numbers.range(1, 500)}\n\nbomb := count(object.union_n([o | some _ in l12]))"},
	{"union", `bomb := count(union({{[i, j] | some i in l10; some j in numbers.range(1, k)} | some k in numbers.range(1, 3000)}))`},
	{"net.cidr_contains_matches", `bomb := count(net.cidr_contains_matches([sprintf("10.%d.0.0/16", [i]) | some i in numbers.range(0, 200)], ["10.0.0.0/8" | some _ in l10]))`},
	{"net.cidr_merge", `bomb := count(net.cidr_merge(["10.0.0.0/8" | some _ in l14]))`},
	{"graph.reachable", "n := numbers.range(1, 700)\n\nbomb := count(graph.reachable({i: n | some i in n}, [1]))"},
	{"json.filter", text(18) + `bomb := json.filter({"a": 1}, [replace(t18, "a", "a/")])`},
	{"json.remove", text(18) + `bomb := json.remove({"a": 1}, [replace(t18, "a", "a/")])`},
	{"sort", `bomb := count(sort([l14 | some _ in l10]))`},
	{"strings.any_prefix_match", text(20) + "u := concat(\"\", [t19, \"b\"])\n\nbomb if strings.any_prefix_match([t20 | some _ in l4], [u | some _ in l4])"},

	// Patterns.
	{"regex of many states", text(20) + `bomb if regex.match("(a?){500}(a*)*b$", t20)`},
	{"regex of repetitions", `bomb if regex.match(concat("|", ["a{1000}" | some _ in l10]), "a")`},
	{"regex of repetitions within", `bomb if regex.match(concat("|", ["((a{10}){10}){10}" | some _ in l8]), "a")`},
	{"regexes that are kept", `bomb := count([1 | some i in numbers.range(1, 90000); regex.match(sprintf("((a{100}){10}){1}%d", [i]), "b")])` + " + " + `count([1 | some i in l16; some j in l16; regex.match("b", "a")])`},
	{"submatches", text(20) + `bomb := count(regex.find_all_string_submatch_n("((((((((((((((((a))))))))))))))))", t20, -1))`},
	{"regex.split", text(20) + `bomb := count(regex.split("a?", t20))`},
	{"regex.find_n", text(20) + `bomb := count(regex.find_n("a?a?a?a?a?a?a?a?", t20, -1))`},
	{"regex.template_match", text(20) + `bomb if regex.template_match("{(a?){500}(a*)*b}", t20, "{", "}")`},
	{"globs that are kept", text(12) + `bomb := count([1 | some i in numbers.range(1, 90000); glob.match(concat("", [t12, "*{a,b}", sprintf("%d", [i])]), ["/"], t12)])` + " + " + `count([1 | some i in l16; some j in l16; glob.match("*", [], "/")])`},

	// Numbers.
	{"squares", steps("n", 40, "99999999999999999999", "PREV * PREV") + `bomb := n40`},
	{"squares of a fraction", steps("n", 40, "1e300", "PREV * PREV") + `bomb := n40 > 1`},
	{"a small number", steps("n", 40, "1e-300", "PREV * PREV") + `bomb := round(n40)`},
	{"to_number", `bomb := to_number("1e999999999")`},
	{"to_number of many digits", text(18) + `bomb := to_number(replace(t18, "a", "9"))`},
	{"units.parse", `bomb := units.parse("1e999999999K")`},
	{"units.parse of many digits", text(18) + `bomb := units.parse(concat("", [replace(t18, "a", "9"), "K"]))`},
	{"units.parse_bytes of many digits", text(18) + `bomb := units.parse_bytes(concat("", [replace(t18, "a", "9"), "KB"]))`},
	{"time.parse_duration_ns", text(18) + `bomb := time.parse_duration_ns(replace(t18, "a", "1d"))`},
	{"factorial", `bomb := product(numbers.range(1, 50000))`},
	{"product of long ones", `bomb := product([99999999999999999999999999999999999999999 | some _ in l14])`},

	// Values that are the same one many times.
	{"equal values", wide + `bomb if wide != other`},
	{"element of values", wide + `bomb if other in [wide, wide]`},
	{"larger value", wide + `bomb := max([wide, other])`},
	{"walk of values", wide + `bomb := count([1 | walk(wide, [_, v]); v == 2])`},
	{"paths of values", wide + `bomb := count([p | walk(wide, [p, v]); v == 1])`},
	{"functions of functions", "f(x) := {\"a\": x, \"b\": x}\n\nbomb := count(json.marshal(" + strings.Repeat("f(", 60) + "1" + strings.Repeat(")", 60) + "))"},
}

// wide has four thousand million ones, and needs the memory of 65536. other is equal.
const wide = "wide := [[l16 | some _ in l8] | some _ in l8]\n\nm16 := array.concat(l15, l15)\n\nother := [[m16 | some _ in l8] | some _ in l8]\n\n"

// bombVariable tells a process of this test from which bomb on it runs some.
const (
	bombVariable = "STANCH_TEST_BOMB"
	bombsAtOnce  = 15
)

// TestBombs runs the bombs in processes of their own, so that one which takes the
// process with it is seen.
func TestBombs(t *testing.T) {
	if first, err := strconv.Atoi(os.Getenv(bombVariable)); err == nil {
		for _, b := range bombs[first:min(first+bombsAtOnce, len(bombs))] {
			t.Log(b.name) // the last one is that which broke it
			explode(t, b.rules)
		}
		return
	}
	if testing.Short() {
		t.Skip("many wait for their deadline")
	}
	for first := 0; first < len(bombs); first += bombsAtOnce {
		ctx, cancel := context.WithTimeout(context.Background(), hangs)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestBombs$", "-test.v")
		cmd.Env = append(os.Environ(), bombVariable+"="+strconv.Itoa(first))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%.4000s", err, out)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); !ok || usage.Maxrss<<10 > maxMemory {
			t.Errorf("took %d MiB\n%s", usage.Maxrss>>10, out)
		}
	}
}

func explode(t *testing.T, rules string) {
	module := "package stanch.access\n\ndefault decision := {\"allow\": false}\n\ndecision := {\"allow\": true} if bomb\n\n" + rules + "\n"
	if !strings.Contains(rules, "l0 := ") {
		module += "\n" + list(16)
	}
	s, err := compile("access/a.rego", module)
	if err != nil {
		t.Errorf("a bomb must compile to be one: %v", err)
		return
	}
	d := access(s)
	if !closed(d) {
		t.Errorf("not stopped: %+v", d)
	}
	t.Log(d.Err)
}

// TestBombsLeaveTheOthersAlone asks a second policy after one that was stopped.
func TestBombsLeaveTheOthersAlone(t *testing.T) {
	bomb := mustCompile(t, "access/a.rego", "package stanch.access\n\ndecision := {\"allow\": count(numbers.range(1, 1000000000)) > 0}\n")
	sound := mustCompile(t, "access/a.rego", "package stanch.access\n\ndecision := {\"allow\": count(numbers.range(1, 1000)) > 0}\n")
	for range 3 {
		if d := access(bomb); !closed(d) {
			t.Errorf("not stopped: %+v", d)
		}
		if d := access(sound); !d.Allow {
			t.Errorf("stopped: %+v", d)
		}
	}
}
