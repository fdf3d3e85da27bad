/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/export_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guess.h"
#include "base/limits.h"

static const struct flag {
    const char *name, *key, *word; /* word NULL: true */
} flags[] = {
    {"ro", "access", "ro"},
    {"rw", "access", "rw"},
    {"sync", "changes", "sync"},
    {"async", "changes", "async"},
    {"secure", "ports", "secure"},
    {"insecure", "ports", "insecure"},
    {"root_squash", "squash", "root_squash"},
    {"no_root_squash", "squash", "no_root_squash"},
    {"all_squash", "squash", "all_squash"},
    {"strict_utf8", "strict_utf8", NULL},
    {"security_label", "security_label", NULL},
};

static const char *const numbers[] = {"anonuid", "anongid", "fsid"};

/* What has no key of the same name. */
static const char *const others[] = {"client"};

/* Lists of rules about certificates: the same. */
static const struct rules {
    const char *name, *none; /* `none` stands for the empty list */
} rules[] = {{"tls_peer", "all"}, {"tls_user", "none"}};

/* Words: the server knows them. */
static const char *const lists[] = {"sec", "xprtsec", "attribute_cache"};

/* One text, option by option. */
struct parser {
    json_t *export;
    char *error;
    bool flags_given[ARRAY_SIZE(flags)], numbers_given[ARRAY_SIZE(numbers)];
    bool lists_given[ARRAY_SIZE(lists)], rules_given[ARRAY_SIZE(rules)];
    bool has_clients;
};

static bool fail(const struct parser *parser, const char *option, const char *why)
{
    (void)snprintf(parser->error, EXPORT_TEXT_ERROR_BYTES, "option '%.100s': %s", option, why);
    return false;
}

static bool put(const struct parser *parser, const char *member, json_t *value)
{
    if (value && json_object_set_new(parser->export, member, value) == 0)
        return true;
    return fail(parser, member, "the value is not UTF-8");
}

/* Again is wrong: mainstayd says so in the same words. */
static bool give_once(const struct parser *parser, const char *option, bool *given)
{
    bool again = *given;

    *given = true;
    if (again)
        (void)snprintf(parser->error, EXPORT_TEXT_ERROR_BYTES, "option '%s' is given twice",
                       option);
    return !again;
}

static bool number_take(struct parser *parser, size_t index, const char *text)
{
    const char *member = numbers[index];
    char *end;
    long long number;

    if (!give_once(parser, member, &parser->numbers_given[index]))
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return fail(parser, member, "expected a number, for example anonuid=65534 or fsid=7");
    return put(parser, member, json_integer(number));
}

/* ADDR or ADDR/BITS */
static bool client_check(const struct parser *parser, const char *text)
{
    char address[INET6_ADDRSTRLEN], bytes[16], *end;
    size_t len = strcspn(text, "/");
    long bits = 0, bits_max = strchr(text, ':') ? 128 : 32;

    (void)snprintf(address, sizeof(address), "%.*s", (int)len, text);
    if (text[len] == '/') {
        bits = strtol(text + len + 1, &end, 10);
        if (text[len + 1] < '0' || text[len + 1] > '9' || *end != '\0')
            bits = -1;
    }
    if (len < sizeof(address) && bits >= 0 && bits <= bits_max &&
        inet_pton(bits_max == 128 ? AF_INET6 : AF_INET, address, bytes) == 1)
        return true;
    (void)snprintf(parser->error, EXPORT_TEXT_ERROR_BYTES,
                   "invalid option 'client=%.100s': expected client=ADDR or client=ADDR/BITS with "
                   "a numeric address, up to %u of them, for example client=192.0.2.0/24",
                   text, LIMIT_EXPORT_CLIENTS);
    return false;
}

static bool client_take(struct parser *parser, const char *text)
{
    bool is_all = strcmp(text, "all") == 0;
    json_t *clients, *one;

    if (!is_all && !client_check(parser, text))
        return false;
    if (parser->has_clients && (is_all || !json_object_get(parser->export, "clients")))
        return fail(parser, "client=all", "it stands without another client=, or not at all");
    if (!parser->has_clients)
        (void)json_object_del(parser->export, "clients"); /* everybody */
    parser->has_clients = true;
    if (is_all)
        return true;
    if (!json_object_get(parser->export, "clients"))
        CHECK(json_object_set_new(parser->export, "clients", json_array()) == 0);
    clients = json_object_get(parser->export, "clients");
    one = json_string(text); /* an address, and so UTF-8 */
    CHECK(one && json_array_append_new(clients, one) == 0);
    return true;
}

static bool unknown(const struct parser *parser, const char *option)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, option, strcspn(option, "="));
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        guess_offer(&guess, flags[i].name);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        guess_offer(&guess, numbers[i]);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        guess_offer(&guess, others[i]);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        guess_offer(&guess, lists[i]);
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        guess_offer(&guess, rules[i].name);
    (void)snprintf(parser->error, EXPORT_TEXT_ERROR_BYTES, "unknown option '%.100s'%s", option,
                   guess_hint(&guess, "", hint, sizeof(hint)));
    return false;
}

/* Flags of one key exclude each other. */
static bool flag_contradicts(const struct parser *parser, const struct flag *flag)
{
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (!parser->flags_given[i] || &flags[i] == flag || strcmp(flags[i].key, flag->key) != 0)
            continue;
        (void)snprintf(parser->error, EXPORT_TEXT_ERROR_BYTES,
                       "options '%s' and '%s' contradict each other", flags[i].name, flag->name);
        return true;
    }
    return false;
}

static bool flag_take(struct parser *parser, const char *option)
{
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (strcmp(flags[i].name, option) != 0)
            continue;
        parser->flags_given[i] = true;
        return !flag_contradicts(parser, &flags[i]) &&
               put(parser, flags[i].key, flags[i].word ? json_string(flags[i].word) : json_true());
    }
    return unknown(parser, option);
}

static bool list_take(struct parser *parser, size_t index, const char *value)
{
    return give_once(parser, lists[index], &parser->lists_given[index]) &&
           put(parser, lists[index], json_string(value));
}

/* The first rule replaces those that the export has. */
static bool rule_take(struct parser *parser, size_t index, const char *text)
{
    const struct rules *list = &rules[index];
    bool is_none = strcmp(text, list->none) == 0;
    json_t *there = json_object_get(parser->export, list->name), *one;

    if (parser->rules_given[index] && (is_none || !there))
        return fail(parser, list->name, "the word for no rule stands without others");
    if (!parser->rules_given[index])
        (void)json_object_del(parser->export, list->name);
    parser->rules_given[index] = true;
    if (is_none)
        return true;
    if (!json_object_get(parser->export, list->name))
        CHECK(json_object_set_new(parser->export, list->name, json_array()) == 0);
    one = json_string(text);
    if (!one)
        return fail(parser, list->name, "the value is not UTF-8");
    CHECK(json_array_append_new(json_object_get(parser->export, list->name), one) == 0);
    return true;
}

/* `option` is split at its '='. */
static bool option_take(struct parser *parser, char *option)
{
    char *value = strchr(option, '=');

    if (!value)
        return flag_take(parser, option);
    *value++ = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (strcmp(numbers[i], option) == 0)
            return number_take(parser, i, value);
    }
    if (strcmp(option, "client") == 0)
        return client_take(parser, value);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        if (strcmp(lists[i], option) == 0)
            return list_take(parser, i, value);
    }
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        if (strcmp(rules[i].name, option) == 0)
            return rule_take(parser, i, value);
    }
    return unknown(parser, option);
}

/* The next option, up to a comma, with a backslash before what stands for itself.  *rest is what
 * follows, or NULL. */
static char *option_split(char **rest)
{
    char *option = *rest, *to = option, *from = option;

    for (; *from && *from != ','; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *rest = *from ? from + 1 : NULL;
    *to = '\0';
    return option;
}

bool export_text_apply(json_t *export, const char *options, char error[EXPORT_TEXT_ERROR_BYTES])
{
    struct parser parser = {.export = export, .error = error};
    char *text = must_strdup(options), *rest = text;
    bool ok = true;

    while (ok && rest)
        ok = option_take(&parser, option_split(&rest));
    free(text);
    return ok;
}

static bool path_check(const struct parser *parser, const char *path)
{
    if (*path == '/')
        return true;
    (void)snprintf(parser->error, EXPORT_TEXT_ERROR_BYTES,
                   "the path before '=' must be absolute and without '.' and '..', for example "
                   "/data=local:/srv/data");
    return false;
}

/* "BACKEND[:ARGUMENT]", split in place. */
static bool backend_take(const struct parser *parser, char *text)
{
    char *argument = strchr(text, ':');

    if (argument)
        *argument++ = '\0';
    if (!*text)
        return fail(parser, "backend", "expected one after '=', for example /data=local:/srv/data");
    return put(parser, "backend", json_string(text)) &&
           put(parser, "argument", json_string(argument ? argument : ""));
}

json_t *export_text_parse(const char *text, char error[EXPORT_TEXT_ERROR_BYTES])
{
    struct parser parser = {.export = json_object(), .error = error};
    char *copy = must_strdup(text), *equals = strchr(copy, '='), *options;
    bool ok = false;

    if (!equals) {
        (void)snprintf(error, EXPORT_TEXT_ERROR_BYTES,
                       "'%.100s': expected PATH=BACKEND[:ARGUMENT][,OPTION...], for example "
                       "/data=local:/srv/data,ro",
                       text);
    } else {
        *equals++ = '\0';
        options = strchr(equals, ',');
        if (options)
            *options++ = '\0';
        ok = path_check(&parser, copy) && put(&parser, "path", json_string(copy)) &&
             backend_take(&parser, equals) &&
             (!options || export_text_apply(parser.export, options, error));
    }
    free(copy);
    if (ok)
        return parser.export;
    json_decref(parser.export);
    return NULL;
}
