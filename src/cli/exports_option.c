/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exports_option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/guess.h"

static const struct flag {
    const char *name;
    size_t offset;
    bool value;
} flags[] = {
    {"rw", offsetof(struct exports_options, read_write), true},
    {"ro", offsetof(struct exports_options, read_write), false},
    {"sync", offsetof(struct exports_options, async), false},
    {"async", offsetof(struct exports_options, async), true},
    {"secure", offsetof(struct exports_options, insecure), false},
    {"insecure", offsetof(struct exports_options, insecure), true},
    {"root_squash", offsetof(struct exports_options, keeps_root), false},
    {"no_root_squash", offsetof(struct exports_options, keeps_root), true},
    {"all_squash", offsetof(struct exports_options, squashes_all), true},
    {"no_all_squash", offsetof(struct exports_options, squashes_all), false},
    {"security_label", offsetof(struct exports_options, security_label), true},
};

/* Words, without or with a value, whose verdict does not depend on the value. */
static const struct remark {
    const char *name;
    enum exports_verdict verdict;
    const char *why;
} remarks[] = {
    {"subtree_check", EXPORTS_MEANINGLESS, "no filehandle leads out of its export"},
    {"no_subtree_check", EXPORTS_MEANINGLESS, "no filehandle leads out of its export"},
    {"wdelay", EXPORTS_MEANINGLESS, "concurrent changes share their syncs anyway"},
    {"no_wdelay", EXPORTS_MEANINGLESS, "concurrent changes share their syncs anyway"},
    {"hide", EXPORTS_MEANINGLESS, "NFSv4 clients see each export where its path is"},
    {"nohide", EXPORTS_MEANINGLESS, "NFSv4 clients see each export where its path is"},
    {"secure_locks", EXPORTS_MEANINGLESS, "locks of NFSv4 belong to an open file"},
    {"insecure_locks", EXPORTS_MEANINGLESS, "locks of NFSv4 belong to an open file"},
    {"auth_nlm", EXPORTS_MEANINGLESS, "locks of NFSv4 belong to an open file"},
    {"no_auth_nlm", EXPORTS_MEANINGLESS, "locks of NFSv4 belong to an open file"},
    {"acl", EXPORTS_MEANINGLESS, "it is about NFSv3"},
    {"no_acl", EXPORTS_MEANINGLESS, "it is about NFSv3"},
    {"nordirplus", EXPORTS_MEANINGLESS, "it is about NFSv3"},
    {"no_pnfs", EXPORTS_MEANINGLESS, "clients get no layouts"},
    {"pnfs", EXPORTS_MEANINGLESS, "clients get no layouts, and use the server itself"},
    {"crossmnt", EXPORTS_REFUSED,
     "file systems that are mounted below the directory are not entered; remove the option, and "
     "export them by lines of their own"},
    {"mp", EXPORTS_REFUSED,
     "the export would be there without its file system; remove the option, and mount first"},
    {"mountpoint", EXPORTS_REFUSED,
     "the export would be there without its file system; remove the option, and mount first"},
    {"refer", EXPORTS_REFUSED, "clients are not referred to other servers; remove the line"},
    {"replicas", EXPORTS_REFUSED,
     "clients are not told of other servers; remove the option if this one is enough"},
    {"v4root", EXPORTS_REFUSED,
     "it is for the kernel's server alone; directories above exports need no line here"},
};

void exports_options_init(struct exports_options *options)
{
    *options = (struct exports_options){
        .anon_uid = EXPORTS_NOBODY, .anon_gid = EXPORTS_NOBODY, .sec = "sys", .xprtsec = "none"};
}

/* ---- options with a value ---- */

static bool number_parse(const char *text, uint64_t max, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *number <= max;
}

static const char *anonuid_take(struct exports_options *options, const char *value)
{
    uint64_t number;

    if (!number_parse(value, UINT32_MAX, &number))
        return "expected the number of a user from 0 to 4294967295, for example anonuid=65534";
    options->anon_uid = (uint32_t)number;
    return NULL;
}

static const char *anongid_take(struct exports_options *options, const char *value)
{
    uint64_t number;

    if (!number_parse(value, UINT32_MAX, &number))
        return "expected the number of a group from 0 to 4294967295, for example anongid=65534";
    options->anon_gid = (uint32_t)number;
    return NULL;
}

static const char *fsid_take(struct exports_options *options, const char *value)
{
    uint64_t number;

    options->is_root = strcmp(value, "root") == 0 || strcmp(value, "0") == 0;
    if (options->is_root)
        return NULL; /* it is refused when its clients are known */
    if (!number_parse(value, INT64_MAX, &number))
        return "expected a number from 1, for example fsid=7; without the option it is derived "
               "from the path";
    options->fsid = number;
    return NULL;
}

static const char *sec_take(struct exports_options *options, const char *value)
{
    if (options->has_sec)
        return "options that differ by flavor; an export has one set of them: name all flavors in "
               "one sec=, or export the directory at a second path";
    options->has_sec = true;
    return exports_security_sec(value, options->sec);
}

static const char *xprtsec_take(struct exports_options *options, const char *value)
{
    return exports_security_xprtsec(value, options->xprtsec);
}

static const char *reexport_take(struct exports_options *options, const char *value)
{
    (void)options;
    if (strcmp(value, "none") == 0)
        return NULL;
    return "file systems of other NFS servers are not exported again; remove the line";
}

static const struct valued {
    const char *name;
    const char *(*take)(struct exports_options *options, const char *value);
} valued[] = {
    {"anonuid", anonuid_take}, {"anongid", anongid_take}, {"fsid", fsid_take},
    {"sec", sec_take},         {"xprtsec", xprtsec_take}, {"reexport", reexport_take},
};

/* ---- all options ---- */

static enum exports_verdict refuse(char why[EXPORTS_WHY_BYTES], const char *reason)
{
    (void)snprintf(why, EXPORTS_WHY_BYTES, "%s", reason);
    return EXPORTS_REFUSED;
}

static enum exports_verdict refuse_unknown(const char *text, char why[EXPORTS_WHY_BYTES])
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, text, strcspn(text, "="));
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        guess_offer(&guess, flags[i].name);
    for (size_t i = 0; i < ARRAY_SIZE(valued); i++)
        guess_offer(&guess, valued[i].name);
    for (size_t i = 0; i < ARRAY_SIZE(remarks); i++)
        guess_offer(&guess, remarks[i].name);
    (void)snprintf(why, EXPORTS_WHY_BYTES, "no option of exports(5)%s",
                   guess_hint(&guess, "", hint, sizeof(hint)));
    return EXPORTS_REFUSED;
}

static bool is_name(const char *text, size_t len, const char *name)
{
    return strlen(name) == len && strncmp(text, name, len) == 0;
}

static enum exports_verdict flag_take(struct exports_options *options, const struct flag *flag,
                                      const char *value, char why[EXPORTS_WHY_BYTES])
{
    if (value)
        return refuse(why, "the option takes no value");
    memcpy((char *)options + flag->offset, &flag->value, sizeof(flag->value));
    return EXPORTS_TAKEN;
}

static enum exports_verdict valued_take(struct exports_options *options, const struct valued *known,
                                        const char *value, char why[EXPORTS_WHY_BYTES])
{
    const char *wrong = known->take(options, value ? value : "");

    return wrong ? refuse(why, wrong) : EXPORTS_TAKEN;
}

enum exports_verdict exports_option_take(struct exports_options *options, const char *text,
                                         char why[EXPORTS_WHY_BYTES])
{
    size_t len = strcspn(text, "=");
    const char *value = text[len] == '=' ? text + len + 1 : NULL;

    *why = '\0';
    if (*text == '\0')
        return refuse(why, "an option is missing between two commas");
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (is_name(text, len, flags[i].name))
            return flag_take(options, &flags[i], value, why);
    }
    for (size_t i = 0; i < ARRAY_SIZE(valued); i++) {
        if (is_name(text, len, valued[i].name))
            return valued_take(options, &valued[i], value, why);
    }
    for (size_t i = 0; i < ARRAY_SIZE(remarks); i++) {
        if (!is_name(text, len, remarks[i].name))
            continue;
        (void)snprintf(why, EXPORTS_WHY_BYTES, "%s", remarks[i].why);
        return remarks[i].verdict;
    }
    return refuse_unknown(text, why);
}

/* ---- what came of them ---- */

enum exports_squash exports_options_squash(const struct exports_options *options)
{
    if (options->squashes_all)
        return EXPORTS_ALL_SQUASH;
    return options->keeps_root ? EXPORTS_NO_ROOT_SQUASH : EXPORTS_ROOT_SQUASH;
}

bool exports_options_alike(const struct exports_options *a, const struct exports_options *b)
{
    return a->read_write == b->read_write && a->async == b->async && a->insecure == b->insecure &&
           exports_options_squash(a) == exports_options_squash(b) && a->anon_uid == b->anon_uid &&
           a->anon_gid == b->anon_gid && a->fsid == b->fsid && a->is_root == b->is_root &&
           a->security_label == b->security_label && strcmp(a->xprtsec, b->xprtsec) == 0;
}

bool exports_options_equal(const struct exports_options *a, const struct exports_options *b)
{
    return exports_options_alike(a, b) && strcmp(a->sec, b->sec) == 0;
}

/* ",sec=krb5", or "" if the list is the usual one. */
static const char *list_print(const char *name, const char *list, const char *usual, char *text,
                              size_t size)
{
    *text = '\0';
    if (strcmp(list, usual) != 0)
        (void)snprintf(text, size, ",%s=%s", name, list);
    return text;
}

const char *exports_options_print(const struct exports_options *options, char *text, size_t size)
{
    static const char *const squash[] = {
        [EXPORTS_ROOT_SQUASH] = "root_squash",
        [EXPORTS_NO_ROOT_SQUASH] = "no_root_squash",
        [EXPORTS_ALL_SQUASH] = "all_squash",
    };
    char fsid[32] = "", sec[EXPORTS_SECURITY_BYTES + 8], xprtsec[EXPORTS_SECURITY_BYTES + 16];

    if (options->is_root)
        (void)snprintf(fsid, sizeof(fsid), ",fsid=0");
    else if (options->fsid != 0)
        (void)snprintf(fsid, sizeof(fsid), ",fsid=%" PRIu64, options->fsid);
    (void)snprintf(text, size, "%s,%s,%s,%s,anonuid=%" PRIu32 ",anongid=%" PRIu32 "%s%s%s%s",
                   options->read_write ? "rw" : "ro", options->async ? "async" : "sync",
                   options->insecure ? "insecure" : "secure",
                   squash[exports_options_squash(options)], options->anon_uid, options->anon_gid,
                   fsid, list_print("sec", options->sec, "sys", sec, sizeof(sec)),
                   list_print("xprtsec", options->xprtsec, "none", xprtsec, sizeof(xprtsec)),
                   options->security_label ? ",security_label" : "");
    return text;
}
