namespace Streams.Rating.Contracts;

/// <summary>
/// A book, which definition makes it differ from the one before it, and what came after it. Whoever holds an edition can follow every change since, and nothing but
/// the holders keeps old ones alive. One thread writes, any thread reads.
/// </summary>
public sealed class BookEdition
{
    volatile BookEdition? _next;

    internal BookEdition(ContractBook book, DefinitionKey changed) => (Book, Changed) = (book, changed);

    public ContractBook Book { get; }

    /// <summary>The definition that was added, replaced or taken out; the default of the first edition.</summary>
    public DefinitionKey Changed { get; }

    /// <summary>The edition after this; null while this is the latest.</summary>
    public BookEdition? Next => _next;

    internal BookEdition Follow(ContractBook book, DefinitionKey changed) => _next = new(book, changed);
}
