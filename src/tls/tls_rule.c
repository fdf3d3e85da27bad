/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_rule.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "tls/tls_address.h"
#include "tls/tls_peer.h"

enum rule_key {
    KEY_SAN,
    KEY_SUBJECT,
    KEY_ISSUER,
    KEY_CN,
    KEY_SERIAL,
    KEY_FINGERPRINT,
    KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {
    [KEY_SAN] = "SAN", [KEY_SUBJECT] = "subject", [KEY_ISSUER] = "issuer",
    [KEY_CN] = "CN",   [KEY_SERIAL] = "serial",   [KEY_FINGERPRINT] = "fingerprint",
};

/* In a pattern, a "*" that stands for others; "\1" is no character of a name. */
#define ANY '\1'

struct rule_part {
    enum rule_key key;
    enum tls_name_kind kind;    /* of KEY_SAN */
    char *pattern;              /* in tls_rule.patterns */
    struct tls_address address; /* instead of the pattern, of KEY_SAN with TLS_NAME_IP */
};

struct tls_rule {
    char *text;
    char *patterns;
    unsigned part_count;
    struct rule_part parts[LIMIT_TLS_RULE_PARTS];
};

/* ---- parsing ---- */

static bool key_find(const char *text, size_t len, enum rule_key *key)
{
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        if (strlen(key_names[i]) == len && strncasecmp(key_names[i], text, len) == 0) {
            *key = i;
            return true;
        }
    }
    return false;
}

/* The prefix of a SAN's pattern.  Steps over it. */
static bool kind_take(const char **p, enum tls_name_kind *kind)
{
    for (unsigned i = 0; i < TLS_NAME_KINDS; i++) {
        size_t len = strlen(tls_name_kind_text(i));

        if (strncasecmp(*p, tls_name_kind_text(i), len) == 0 && (*p)[len] == ':') {
            *kind = i;
            *p += len + 1;
            return true;
        }
    }
    return false;
}

/* Copy the pattern at *p, up to a comma or the end, to *to, and step over both. */
static bool pattern_take(const char **p, char **to)
{
    while (**p && **p != ',') {
        bool escaped = **p == '\\';

        if (escaped)
            ++*p;
        if ((unsigned char)**p < ' ')
            return false;
        if (**p == '*' && !escaped)
            *(*to)++ = ANY;
        else
            *(*to)++ = **p;
        ++*p;
    }
    *(*to)++ = '\0';
    return true;
}

/* Colons in a number are there for the reader. */
static bool number_normalize(char *pattern)
{
    char *to = pattern;

    for (const char *p = pattern; *p; p++) {
        if (*p == ':')
            continue;
        if (!isxdigit((unsigned char)*p) && *p != ANY && !(*p == '-' && to == pattern))
            return false;
        *to++ = *p;
    }
    *to = '\0';
    return to > pattern;
}

/* "*" alone, or an address: wildcards in its text would not know how else it can be written. */
static bool address_parse(struct rule_part *part)
{
    if (part->pattern[0] == ANY && !part->pattern[1])
        return true; /* the address is zero: any */
    return tls_address_parse(part->pattern, &part->address);
}

/* One KEY=PATTERN. */
static const char *part_parse(struct tls_rule *rule, const char **p, char **to)
{
    struct rule_part *part = &rule->parts[rule->part_count];
    const char *equals = strchr(*p, '=');

    if (rule->part_count == LIMIT_TLS_RULE_PARTS)
        return "it has too many parts";
    if (!equals || !key_find(*p, (size_t)(equals - *p), &part->key))
        return "a part does not begin with SAN=, subject=, issuer=, CN=, serial= or fingerprint=";
    *p = equals + 1;
    if (part->key == KEY_SAN && !kind_take(p, &part->kind))
        return "behind SAN= there is no DNS:, IP:, URI: or EMAIL:";
    part->pattern = *to;
    if (!pattern_take(p, to))
        return "it ends with a backslash, or has a control character";
    if (!part->pattern[0])
        return "a pattern is empty";
    if ((part->key == KEY_SERIAL || part->key == KEY_FINGERPRINT) &&
        !number_normalize(part->pattern))
        return "a serial number or fingerprint is not in hexadecimal digits";
    if (part->key == KEY_SAN && part->kind == TLS_NAME_IP && !address_parse(part))
        return "behind SAN=IP: there is no address, no network (192.0.2.0/24, 2001:db8::/32), and "
               "no * alone";
    rule->part_count++;
    return NULL;
}

static const char *rule_fill(struct tls_rule *rule, const char *text)
{
    const char *p = text, *wrong;
    char *to = rule->patterns;

    for (;;) {
        wrong = part_parse(rule, &p, &to);
        if (wrong || !*p)
            return wrong;
        p++; /* the comma */
    }
}

struct tls_rule *tls_rule_parse(const char *text, char *why, size_t size)
{
    struct tls_rule *rule;
    const char *wrong;

    if (strlen(text) > LIMIT_TLS_RULE_BYTES) {
        snprintf(why, size, "it is too long");
        return NULL;
    }
    rule = must_calloc(1, sizeof(*rule));
    rule->text = must_strdup(text);
    rule->patterns = must_malloc(strlen(text) + 1);
    wrong = rule_fill(rule, text);
    if (!wrong)
        return rule;
    snprintf(why, size, "%s", wrong);
    tls_rule_destroy(rule);
    return NULL;
}

void tls_rule_destroy(struct tls_rule *rule)
{
    if (!rule)
        return;
    free(rule->text);
    free(rule->patterns);
    free(rule);
}

const char *tls_rule_text(const struct tls_rule *rule)
{
    return rule->text;
}

/* ---- matching ---- */

static bool same(char a, char b, bool fold)
{
    return fold ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/* A backslash goes with what it escapes: else a "*" that ends with it would turn a comma of a value,
 * which its owner may have chosen, into one between the parts of a distinguished name. */
static size_t character_len(const char *text)
{
    return text[0] == '\\' && text[1] ? 2 : 1;
}

/* `stop`: a character that "*" does not stand for.  Only the last "*" is retried: if it can't take
 * more, neither can one before it. */
static bool pattern_match(const char *pattern, const char *text, bool fold, char stop)
{
    const char *star = NULL, *retry = NULL;

    while (*text) {
        if (*pattern == ANY) {
            star = ++pattern;
            retry = text;
        } else if (*pattern && same(*pattern, *text, fold)) {
            pattern++;
            text++;
        } else if (star && (!stop || *retry != stop)) {
            pattern = star;
            retry += character_len(retry);
            text = retry;
        } else {
            return false;
        }
    }
    while (*pattern == ANY)
        pattern++;
    return !*pattern;
}

static bool names_match(const struct rule_part *part, const struct tls_peer *peer)
{
    bool fold = part->kind == TLS_NAME_DNS || part->kind == TLS_NAME_EMAIL;

    for (uint32_t i = 0; i < peer->name_count; i++) {
        const char *name = peer->names[i].text;

        if (peer->names[i].kind == part->kind &&
            (part->kind == TLS_NAME_IP ? tls_address_match(&part->address, name)
                                       : pattern_match(part->pattern, name, fold,
                                                       part->kind == TLS_NAME_DNS ? '.' : '\0')))
            return true;
    }
    return false;
}

static bool part_match(const struct rule_part *part, const struct tls_peer *peer)
{
    switch (part->key) {
    case KEY_SAN:
        return names_match(part, peer);
    case KEY_SUBJECT:
        return pattern_match(part->pattern, peer->subject, false, '\0');
    case KEY_ISSUER:
        return pattern_match(part->pattern, peer->issuer, false, '\0');
    case KEY_CN:
        return pattern_match(part->pattern, peer->common_name, false, '\0');
    case KEY_SERIAL:
        return pattern_match(part->pattern, peer->serial, true, '\0');
    case KEY_FINGERPRINT:
        return pattern_match(part->pattern, peer->fingerprint, true, '\0');
    case KEY_COUNT:
        break;
    }
    return false;
}

bool tls_rule_match(const struct tls_rule *rule, const struct tls_peer *peer)
{
    if (!tls_peer_is_known(peer))
        return false;
    for (unsigned i = 0; i < rule->part_count; i++) {
        if (!part_match(&rule->parts[i], peer))
            return false;
    }
    return true;
}
