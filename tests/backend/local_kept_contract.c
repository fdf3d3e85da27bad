/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local where only the server changes the files, and keeps attributes
 * and names. */
#include "backend/local_fixture.h"

int main(int argc, char **argv)
{
    local_setting.sole_changer = true;
    return local_contract_main("local_kept", argc, argv);
}
