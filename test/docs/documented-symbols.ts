import ts from "typescript";

/** Something that users see, and whether it says what it is. */
export interface DocumentedSymbol {
  readonly name: string;
  readonly isDocumented: boolean;
}

/** The exports of some entries, and the members of the interfaces and classes among them; each symbol once. */
export function documentedSymbols(
  program: ts.Program,
  entryFiles: readonly string[],
): { readonly exports: readonly DocumentedSymbol[]; readonly members: readonly DocumentedSymbol[] } {
  const checker = program.getTypeChecker();
  const exported = new Set<ts.Symbol>();
  for (const file of entryFiles) {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module that exports something.`);
    for (const symbol of checker.getExportsOfModule(module)) exported.add(withoutAlias(symbol, checker));
  }
  const describe = (symbol: ts.Symbol, name: string): DocumentedSymbol => ({
    name,
    isDocumented: symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0,
  });
  return {
    exports: [...exported].map((symbol) => describe(symbol, symbol.name)),
    members: [...exported].flatMap((symbol) =>
      membersOf(symbol).map((member) => describe(member, `${symbol.name}.${member.name}`)),
    ),
  };
}

function withoutAlias(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** What an interface or class declares itself, without what is private to it. */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  if ((symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class)) === 0) return [];
  return [...(symbol.members?.values() ?? [])].filter((member) => {
    const isMember = (member.flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method | ts.SymbolFlags.Accessor)) !== 0;
    return isMember && !(member.declarations ?? []).some(isHidden);
  });
}

function isHidden(declaration: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration);
  const isPrivateName = name !== undefined && ts.isPrivateIdentifier(name);
  return isPrivateName || (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) !== 0;
}
