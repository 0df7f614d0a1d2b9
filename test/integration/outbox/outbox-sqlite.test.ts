import { describeOutbox } from "./outbox-cases.ts";
import { createSqliteDatabase, SQLITE_DRIVERS } from "./sql-database.ts";

for (const driver of SQLITE_DRIVERS) {
  describeOutbox(`SQLite (${driver})`, () => createSqliteDatabase(driver));
}
