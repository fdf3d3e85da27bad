/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/krb5_command.h"

#include <stdlib.h>

#include "base/check.h"
#include "cli/complaint.h"
#include "cli/json_print.h"
#include "cli/text_table.h"
#include "gss/gss_check.h"

enum {
    OPTION_KEYTAB,
    OPTION_USER
};

static const char *const results[] = {
    [GSS_FINDING_OK] = "ok",
    [GSS_FINDING_WARNING] = "warning",
    [GSS_FINDING_FAILED] = "failed",
};

static void print_text(const struct gss_check *check)
{
    static const char *const titles[] = {"CHECK", "RESULT", "WHY"};
    struct text_table *table = text_table_create(titles, ARRAY_SIZE(titles));

    for (uint32_t i = 0; i < check->count; i++) {
        const struct gss_finding *finding = &check->findings[i];
        const char *const cells[] = {finding->check, results[finding->result], finding->text};

        text_table_add(table, cells);
    }
    text_table_print(table, stdout, 0, true);
    text_table_destroy(table);
}

static bool print_json(const struct gss_check *check)
{
    json_t *list = json_array(), *all;

    for (uint32_t i = 0; i < check->count; i++) {
        const struct gss_finding *finding = &check->findings[i];

        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s}", "check", finding->check, "result",
                                              results[finding->result], "why", finding->text));
    }
    all =
        json_pack("{s:s, s:s, s:s, s:s, s:o}", "result", results[gss_check_result(check)], "keytab",
                  check->keytab, "host", check->host, "service", check->service, "checks", list);
    if (!all)
        return false;
    json_print(all, stdout, false);
    json_decref(all);
    return true;
}

int krb5_check(const struct invocation *call)
{
    const char *host = call->count > 0 ? call->arguments[0] : NULL;
    struct gss_check *check = must_calloc(1, sizeof(*check));
    int code = COMMAND_OK;

    gss_check_run(check, call->options[OPTION_KEYTAB], host, call->options[OPTION_USER]);
    if (!call->globals[GLOBAL_JSON]) {
        print_text(check);
    } else if (!print_json(check)) {
        complaint_print("krb5 check: the report is not UTF-8");
        code = COMMAND_FAILED;
    }
    if (gss_check_result(check) == GSS_FINDING_FAILED) {
        complaint_print("krb5 check: clients with Kerberos fail here");
        code = COMMAND_FAILED;
    }
    free(check);
    return code;
}
