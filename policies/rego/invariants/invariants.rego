# METADATA
# title: What must hold whatever grants say
# description: >-
#   Evaluated for every known principal, secret and capability by `stanch policy check`, and before
#   an activation. The input is that of the access policy, with `decision`, its decision, and `can`,
#   all capabilities that the principal has for the resource.
package stanch.invariants

# METADATA
# title: Violations
# description: Each says what is wrong; none may be there.
violation contains {"code": "rotates_and_reveals", "message": "whoever rotates a secret has no need to be shown it"} if {
	"rotate" in input.can
	"reveal" in input.can
}
