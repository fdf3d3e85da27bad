/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that say which certificates may do something: KEY=PATTERN[,KEY=PATTERN...].  All parts of a
 * rule must match.
 *
 *     SAN=DNS:*.lab.example,issuer=CN=Lab CA\,O=Lab
 *
 * Keys: SAN (one of the names in subjectAltName, as DNS:, IP:, URI: or EMAIL:), subject, issuer, CN
 * (of the subject), serial, fingerprint (SHA-256).  In a pattern "*" stands for any characters; in a
 * DNS name for those of one label.  An IP: pattern is an address, a network as 192.0.2.0/24, or "*"
 * alone: addresses compare as such.  "\" takes the character behind it as it is; a comma in a
 * pattern needs it.  DNS names, email addresses' domains, serials and fingerprints compare without
 * regard to case; colons in the latter two are ignored.
 *
 * Immutable; thread safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct tls_peer;
struct tls_rule;

/* NULL if `text` is no rule; `why` of `size` bytes then says what is wrong with it. */
struct tls_rule *tls_rule_parse(const char *text, char *why, size_t size) MUST_USE;

/* NULL is allowed. */
void tls_rule_destroy(struct tls_rule *rule);

/* The text that it was parsed from. */
const char *tls_rule_text(const struct tls_rule *rule);

/* False for a peer without a certificate, and for NULL. */
bool tls_rule_match(const struct tls_rule *rule, const struct tls_peer *peer);
