/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/complaint.h"

/* Words of the table stand in quotes of a shell; none of them has a quote or a dollar in it. */

static void nouns_print(const struct command_table *table)
{
    const char *last = "";

    for (uint32_t i = 0; i < table->count; i++) {
        if (strcmp(table->of[i].noun, last) != 0)
            (void)printf("%s%s", *last ? " " : "", table->of[i].noun);
        last = table->of[i].noun;
    }
}

/* Up to the last one of them. */
static void globals_print(int last)
{
    for (int i = 0; i <= last; i++)
        (void)printf("%s--%s", i == 0 ? "" : " ", command_globals[i].name);
}

static void verbs_print(const struct command_table *table, const char *noun)
{
    const char *separator = "";

    for (uint32_t i = 0; i < table->count; i++) {
        if (strcmp(table->of[i].noun, noun) == 0 && table->of[i].verb) {
            (void)printf("%s%s", separator, table->of[i].verb);
            separator = " ";
        }
    }
}

/* "NOUN VERB": what can follow. */
static void command_cases_print(const struct command_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct command *row = &table->of[i];

        (void)printf("    '%s%s%s') options='", row->noun, row->verb ? " " : "",
                     row->verb ? row->verb : "");
        for (const struct command_option *o = row->options; o->name; o++)
            (void)printf("--%s ", o->name);
        (void)printf("' choices='%s' more='%s'", row->words ? row->words : "",
                     row->more_words ? row->more_words : "");
        (void)printf(" files=%d settings=%d ;;\n", row->kind == COMMAND_FILE,
                     row->kind == COMMAND_SETTINGS         ? 1
                     : row->kind == COMMAND_SETTING_VALUES ? 2
                                                           : 0);
    }
}

static void noun_cases_print(const struct command_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct command *row = &table->of[i];

        if (!row->verb || !row->noun_help)
            continue;
        (void)printf("    %s) verbs='", row->noun);
        verbs_print(table, row->noun);
        (void)printf("' ;;\n");
    }
}

/* Options whose value is not one of the words. */
static void valued_print(const struct command_table *table)
{
    for (const struct command_option *o = command_globals; o->name; o++) {
        if (o->value)
            (void)printf("%s--%s", o == command_globals ? "" : "|", o->name);
    }
    for (uint32_t i = 0; i < table->count; i++) {
        for (const struct command_option *o = table->of[i].options; o->name; o++) {
            if (o->value)
                (void)printf("|--%s", o->name);
        }
    }
}

/* Options whose value is one of some words. */
static void option_cases_print(const struct command_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        for (const struct command_option *o = table->of[i].options; o->name; o++) {
            if (o->words)
                (void)printf("        --%s) printf '%%s ' %s | tr -s ' ' '\\n' ;;\n", o->name,
                             o->words);
        }
    }
}

/* Sets noun, verb, and the number of arguments behind them: the words before the one that is being
 * typed.  `skip` is the option whose value that is. */
static void scan_print(const struct command_table *table)
{
    (void)printf("    for word in \"$@\"; do\n"
                 "        case $skip in\n"
                 "        --admin|--admin-*) access+=(\"$skip=$word\") ;;\n"
                 "        esac\n"
                 "        if [ -n \"$skip\" ]; then skip=; continue; fi\n"
                 "        case $word in\n"
                 "        ");
    valued_print(table);
    (void)printf(") skip=$word ;;\n"
                 "        --admin=*|--admin-*=*) access+=(\"$word\") ;;\n"
                 "        -*) ;;\n"
                 "        *) if [ -z \"$noun\" ]; then noun=$word\n"
                 "           elif [ -z \"$verb\" ]; then verb=$word\n"
                 "           else count=$((count + 1)); fi ;;\n"
                 "        esac\n"
                 "    done\n");
}

/* A function for both shells: prints the candidates for the word after those of its arguments, a
 * line each; "<files>" for names of files, nothing behind an option that takes another value. */
static void candidates_print(const struct command_table *table)
{
    (void)printf(
        "_mainstay_candidates() {\n"
        "    local word noun= verb= skip= verbs= options= choices= files=0 more= settings=0\n"
        "    local -a access\n"
        "    local count=0 globals='");
    globals_print(GLOBAL_HELP);
    (void)printf("'\n");
    scan_print(table);
    (void)printf("    if [ -n \"$skip\" ]; then\n"
                 "        case $skip in\n"
                 "        --admin-*) echo '<files>' ;;\n");
    option_cases_print(table);
    (void)printf("        esac\n"
                 "        return 0\n"
                 "    fi\n"
                 "    case $noun in\n");
    noun_cases_print(table);
    (void)printf("    esac\n"
                 "    case \"$noun${verbs:+${verb:+ $verb}}\" in\n");
    command_cases_print(table);
    (void)printf("    esac\n"
                 "    if [ -z \"$noun\" ]; then choices='");
    nouns_print(table);
    (void)printf("' globals='");
    globals_print(GLOBAL_COUNT - 1);
    (void)printf(
        "'\n"
        "    elif [ -n \"$verbs\" ] && [ -z \"$verb\" ]; then\n"
        "        choices=$verbs options= files=0 settings=0\n"
        "    elif [ $count -gt 0 ]; then choices=$more\n"
        "    fi\n"
        "    if [ $settings = 2 ] && [ $((count %% 2)) = 1 ]; then\n"
        "        options= globals= # a value comes next\n"
        "    elif [ $settings != 0 ]; then\n"
        "        choices=$(mainstay \"${access[@]}\" setting list 2>/dev/null | sed '1d;s/ .*//')\n"
        "    fi\n"
        "    printf '%%s ' $choices $options $globals | tr -s ' ' '\\n'\n"
        "    [ $files = 0 ] || echo '<files>'\n"
        "}\n\n");
}

static void bash_print(const struct command_table *table)
{
    (void)printf(
        "# bash completion of mainstay; load it with: source <(mainstay completion bash)\n");
    candidates_print(table);
    (void)printf("_mainstay() {\n"
                 "    local current=${COMP_WORDS[COMP_CWORD]} candidates\n"
                 "    candidates=$(_mainstay_candidates \"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n"
                 "    COMPREPLY=($(compgen -W \"${candidates//<files>/}\" -- \"$current\"))\n"
                 "    [[ $candidates != *'<files>'* || $current == -* ]] ||\n"
                 "        COMPREPLY+=($(compgen -f -- \"$current\"))\n"
                 "}\n"
                 "complete -F _mainstay mainstay\n");
}

static void zsh_print(const struct command_table *table)
{
    (void)printf("#compdef mainstay\n"
                 "# zsh completion of mainstay; put it into a directory of $fpath as _mainstay\n");
    candidates_print(table);
    (void)printf("_mainstay() {\n"
                 "    local -a candidates\n"
                 "    candidates=(${(f)\"$(_mainstay_candidates \"${(@)words[2,CURRENT-1]}\")\"})\n"
                 "    [[ -z ${candidates[(r)<files>]} ]] || _files\n"
                 "    compadd -- ${candidates:#<files>}\n"
                 "}\n"
                 "if [ \"$funcstack[1]\" = _mainstay ]; then _mainstay \"$@\"\n"
                 "else compdef _mainstay mainstay\n"
                 "fi\n");
}

int completion_command(const struct invocation *call)
{
    if (strcmp(call->arguments[0], "bash") == 0) {
        bash_print(call->table);
    } else if (strcmp(call->arguments[0], "zsh") == 0) {
        zsh_print(call->table);
    } else {
        complaint_print("completion: '%s': expected bash or zsh; for example %s",
                        call->arguments[0], call->command->example);
        return COMMAND_USAGE;
    }
    return COMMAND_OK;
}
