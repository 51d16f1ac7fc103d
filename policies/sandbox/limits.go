package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// OPA stops an evaluation between expressions, not within a builtin, and has no
// limit of memory. So the builtins that can work or grow much more than their
// operands are long are asked first what a call would cost.
const (
	maxText  = 1 << 20 // bytes of a text made by a builtin
	maxList  = 100_000 // elements of a list made by a builtin
	maxNodes = 1 << 18 // values within one another that a builtin copies, compares or prints
	maxWork  = 1 << 24 // bytes or elements it compares with one another: about 50 ms

	maxDigits = 100  // of a number as it is written
	maxExp    = 400  // its decimal exponent
	maxBits   = 4096 // of a number that is computed with
)

// limits are checks that run before the builtin of that name.
var limits = []struct {
	builtin string
	check   func(operands []*ast.Term) error
}{
	// Texts that grow.
	{"concat", limitConcat},
	{"replace", limitReplace},
	{"strings.replace_n", limitReplaceN},
	{"sprintf", limitSprintf},
	{"internal.template_string", limitPrinted},
	{"internal.print", limitPrinted},
	{"json.marshal", limitPrinted},
	{"urlquery.encode_object", limitPrinted},
	{"hex.encode", grows(2)},
	{"base64.encode", grows(2)},
	{"base64url.encode", grows(2)},
	{"base64url.encode_no_pad", grows(2)},
	{"glob.quote_meta", grows(2)},
	{"upper", grows(3)},
	{"lower", grows(3)},
	{"urlquery.encode", grows(3)},
	{"time.format", limitTimeFormat},

	// Lists that grow, and what goes through them once for each element.
	{"numbers.range", limitRange},
	{"numbers.range_step", limitRange},
	{"array.concat", limitArrays},
	{"array.flatten", limitFlatten},
	{"split", limitSplit},
	{"strings.split_n", limitSplit},
	{"indexof", limitPair},
	{"indexof_n", limitPairs},
	{"trim", limitPair},
	{"trim_left", limitPair},
	{"trim_right", limitPair},
	{"strings.any_prefix_match", limitTree},
	{"strings.any_suffix_match", limitTree},
	{"object.subset", limitSubset},
	{"net.cidr_contains_matches", limitNetworks},
	{"net.cidr_merge", limitMerge},
	{"graph.reachable", limitGraph},
	{"json.filter", limitPaths},
	{"json.remove", limitPaths},
	{"time.parse_duration_ns", limitShort},

	// Patterns.
	{"regex.match", limitRegex(1)},
	{"regex.template_match", limitRegex(1)},
	{"regex.is_valid", limitRegex(1)},
	{"regex.split", limitRegex(4)},
	{"regex.find_n", limitRegex(4)},
	{"regex.find_all_string_submatch_n", limitRegex(16)},
	{"regex.replace", limitRegexReplace},

	// Values that hold others, which may be the same one many times over.
	{"equal", limitCompare},
	{"neq", limitCompare},
	{"lt", limitCompare},
	{"lte", limitCompare},
	{"gt", limitCompare},
	{"gte", limitCompare},
	{"and", limitCompare},
	{"or", limitCompare},
	{"object.union", limitCompare},
	{"object.union_n", limitTree},
	{"union", limitTree},
	{"intersection", limitTree},
	{"sort", limitTree},
	{"min", limitTree},
	{"max", limitTree},
	{"internal.member_2", func(o []*ast.Term) error { return limitMember(o[0], o[1]) }},
	{"internal.member_3", func(o []*ast.Term) error { return limitMember(o[1], o[2]) }},

	// Numbers.
	{"minus", func(o []*ast.Term) error { return firstOf(limitNumbers(o), limitCompare(o)) }},
	{"plus", limitNumbers},
	{"mul", limitNumbers},
	{"div", limitNumbers},
	{"rem", limitNumbers},
	{"abs", limitNumbers},
	{"ceil", limitNumbers},
	{"floor", limitNumbers},
	{"round", limitNumbers},
	{"bits.and", limitNumbers},
	{"bits.or", limitNumbers},
	{"bits.xor", limitNumbers},
	{"bits.rsh", limitNumbers},
	{"bits.negate", limitNumbers},
	{"format_int", limitNumbers},
	{"sum", limitSum},
	{"product", limitProduct},
	{"to_number", limitWritten},
	{"units.parse", limitWritten},
	{"units.parse_bytes", limitWritten},
}

// limitBuiltins puts the limits before OPA's builtins. Its table belongs to the
// process, as OPA does, so this is done once.
var limitBuiltins = sync.OnceFunc(func() {
	for _, l := range limits {
		builtin := topdown.GetBuiltin(l.builtin)
		topdown.RegisterBuiltinFunc(l.builtin, func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
			if err := l.check(operands); err != nil {
				return topdown.Halt{Err: &topdown.Error{Code: topdown.BuiltinErr, Message: l.builtin + ": " + err.Error(), Location: ctx.Location}}
			}
			return builtin(ctx, operands, iter)
		})
	}
})

func limitLength(n int) error {
	if n > maxText || n < 0 {
		return fmt.Errorf("the result could be longer than %d bytes", maxText)
	}
	return nil
}

func limitElements(n int) error {
	if n > maxList || n < 0 {
		return fmt.Errorf("a list has at most %d elements", maxList)
	}
	return nil
}

// limitWork takes what is to be compared with what, as lengths.
func limitWork(a, b int) error {
	if a > 0 && b > maxWork/a {
		return fmt.Errorf("the operands are too long to compare %d with %d of them", a, b)
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func limitRange(o []*ast.Term) error {
	from, okFrom := integer(o[0])
	to, okTo := integer(o[1])
	if okFrom && okTo && abs(to-from) < maxList {
		return nil
	}
	return fmt.Errorf("a range has at most %d numbers", maxList)
}

func abs(n int) int { return max(n, -n) }

func integer(t *ast.Term) (int, bool) {
	n, isNumber := t.Value.(ast.Number)
	if !isNumber {
		return 0, false
	}
	return n.Int()
}

// limitNumbers refuses to compute with numbers that have an enormous exponent.
func limitNumbers(o []*ast.Term) error {
	for _, t := range o {
		if n, ok := t.Value.(ast.Number); ok {
			if err := limitNumber(string(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

func limitSum(o []*ast.Term) (err error) {
	each(o[0].Value, func(t *ast.Term) bool {
		err = limitNumbers([]*ast.Term{t})
		return err != nil
	})
	return err
}

// limitProduct adds up the digits, since a product has as many as its factors.
func limitProduct(o []*ast.Term) error {
	digits := 0
	each(o[0].Value, func(t *ast.Term) bool {
		if n, ok := t.Value.(ast.Number); ok {
			digits += len(n)
		}
		return false
	})
	if digits > maxBits/3 {
		return fmt.Errorf("the factors have %d digits together, at most %d can be computed with", digits, maxBits/3)
	}
	return limitSum(o)
}

// limitWritten is for texts that are read as a number.
func limitWritten(o []*ast.Term) error {
	if s, ok := o[0].Value.(ast.String); ok {
		return limitNumber(strings.TrimRight(string(s), "bBikKmMgGtTpPEhHuUnN"))
	}
	return nil
}

func limitNumber(n string) error {
	if len(n) > maxBits/3 {
		return fmt.Errorf("a number has at most %d digits", maxBits/3)
	}
	_, exponent, _ := strings.Cut(strings.ToLower(n), "e")
	if exp, err := strconv.Atoi(exponent); exponent != "" && (err != nil || abs(exp) > maxExp) {
		return fmt.Errorf("a number is larger than this can compute with (exponent %d)", maxExp)
	}
	return nil
}

// numbers returns an error for each number of module that is too large to compute
// with.
func numbers(module *ast.Module, file string) (all Errors) {
	ast.WalkTerms(module, func(t *ast.Term) bool {
		n, ok := t.Value.(ast.Number)
		if ok && (limitNumber(string(n)) != nil || len(n) > maxDigits) {
			all = append(all, &Error{file, t.Location.Row, t.Location.Col, ast.ParseErr, fmt.Sprintf("a number has at most %d digits and an exponent of %d", maxDigits, maxExp)})
		}
		return false
	})
	return all
}
