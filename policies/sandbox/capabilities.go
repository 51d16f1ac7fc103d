package sandbox

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowed lists the builtins a policy may call, by what they are about. What is
// left out, and why:
//
//   - http.send, net.lookup_ip_addr, opa.runtime: a policy sees paths and identities
//     and must have no way to send them on, nor wait for a network;
//   - time.now_ns, rand.intn, uuid.rfc4122: a decision must come out the same when it
//     is replayed; the time is in the input;
//   - crypto.*, io.jwt.*, providers.*: tokens and keys are verified before policies
//     are asked, and no policy is given one;
//   - rego.parse_module, graphql.*, json.unmarshal, yaml.*, json.match_schema,
//     regex.globs_match, net.cidr_expand, bits.lsh, strings.render_template,
//     graph.reachable_paths: small inputs can make them work or grow without measure;
//   - deprecated ones.
var allowed = strings.Fields(`
	and or minus union intersection assign eq equal neq lt lte gt gte
	plus mul div rem abs ceil floor round numbers.range numbers.range_step bits.and bits.or bits.xor bits.rsh bits.negate
	count sum product max min sort
	array.concat array.flatten array.reverse array.slice
	object.filter object.get object.keys object.remove object.subset object.union object.union_n json.filter json.remove
	concat contains endswith format_int indexof indexof_n lower replace split sprintf startswith substring trim trim_left
	trim_prefix trim_right trim_space trim_suffix upper strings.any_prefix_match strings.any_suffix_match strings.count
	strings.replace_n strings.reverse strings.split_n
	regex.is_valid regex.match regex.find_n regex.find_all_string_submatch_n regex.split regex.template_match regex.replace
	glob.match glob.quote_meta
	base64.encode base64.is_valid base64url.encode base64url.encode_no_pad base64.decode base64url.decode hex.encode hex.decode
	json.marshal json.is_valid urlquery.encode urlquery.encode_object urlquery.decode uri.parse uri.is_valid
	time.add_date time.clock time.date time.diff time.format time.parse_duration_ns time.parse_ns time.parse_rfc3339_ns time.weekday
	net.cidr_contains net.cidr_contains_matches net.cidr_intersects net.cidr_is_valid net.cidr_merge
	semver.compare semver.is_valid units.parse units.parse_bytes uuid.parse to_number type_name
	is_array is_boolean is_null is_number is_object is_set is_string
	graph.reachable walk
	print trace rego.metadata.chain rego.metadata.rule
	internal.member_2 internal.member_3 internal.print internal.template_string internal.test_case`)

// Capabilities returns what policies may use of OPA. The result is the caller's.
func Capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return !slices.Contains(allowed, b.Name)
	})
	c.AllowNet = []string{}
	return c
}
