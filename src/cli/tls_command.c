/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tls_command.h"

#include <stdlib.h>

#include "base/check.h"
#include "cli/complaint.h"
#include "cli/json_print.h"
#include "cli/text_table.h"
#include "tls/tls_check.h"

enum {
    OPTION_CERT,
    OPTION_KEY,
    OPTION_CA,
    OPTION_CRL,
};

static const char *const results[] = {
    [TLS_FINDING_OK] = "ok",
    [TLS_FINDING_WARNING] = "warning",
    [TLS_FINDING_FAILED] = "failed",
};

static void print_text(const struct tls_check *check)
{
    static const char *const titles[] = {"CHECK", "RESULT", "WHY"};
    struct text_table *table = text_table_create(titles, ARRAY_SIZE(titles));

    for (uint32_t i = 0; i < check->count; i++) {
        const struct tls_finding *finding = &check->findings[i];
        const char *const cells[] = {finding->check, results[finding->result], finding->text};

        text_table_add(table, cells);
    }
    text_table_print(table, stdout, 0, true);
    text_table_destroy(table);
}

static bool print_json(const struct tls_check *check)
{
    json_t *list = json_array(), *all;

    for (uint32_t i = 0; i < check->count; i++) {
        const struct tls_finding *finding = &check->findings[i];

        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s}", "check", finding->check, "result",
                                              results[finding->result], "why", finding->text));
    }
    all = json_pack("{s:s, s:o}", "result", results[tls_check_result(check)], "checks", list);
    if (!all)
        return false;
    json_print(all, stdout, false);
    json_decref(all);
    return true;
}

/* The first that failed, for people who read no tables. */
static const char *failure(const struct tls_check *check)
{
    for (uint32_t i = 0; i < check->count; i++) {
        if (check->findings[i].result == TLS_FINDING_FAILED)
            return check->findings[i].text;
    }
    return NULL;
}

static int report(const struct invocation *call, const struct tls_check *check)
{
    if (!call->globals[GLOBAL_JSON]) {
        print_text(check);
    } else if (!print_json(check)) {
        complaint_print("tls check: the report is not UTF-8");
        return COMMAND_FAILED;
    }
    if (!failure(check))
        return COMMAND_OK;
    complaint_print("tls check: clients with TLS fail: %s", failure(check));
    return COMMAND_FAILED;
}

int tls_command_check(const struct invocation *call)
{
    const struct tls_files files = {.cert = call->options[OPTION_CERT],
                                    .key = call->options[OPTION_KEY],
                                    .ca = call->options[OPTION_CA],
                                    .crl = call->options[OPTION_CRL]};
    struct tls_check *check;
    int code;

    if (!files.cert || !files.key) {
        complaint_print("tls check: name the files of --tls-cert and --tls-key");
        return COMMAND_USAGE;
    }
    check = must_calloc(1, sizeof(*check));
    tls_check_run(check, &files, call->count > 0 ? call->arguments[0] : NULL);
    code = report(call, check);
    free(check);
    return code;
}
