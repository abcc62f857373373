using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Aggregators.Rating;

/// <summary>
/// Terms from the contracts topic as one task takes them up: they change between two records only, so that a position of the stream stands for one edition. For one
/// thread.
/// </summary>
sealed class TakenUpTerms(ContractBookSource source) : ITermsSource
{
    BookEdition _edition = source.Edition;

    public object Edition => _edition;

    public ContractBook Book => _edition.Book;

    public bool IsCurrent => ReferenceEquals(_edition, source.Edition);

    /// <summary>Takes up the edition of now. What has changed since the one before, in order.</summary>
    public IReadOnlyCollection<DefinitionKey> TakeUp()
    {
        var changed = new SortedSet<DefinitionKey>();
        for (; _edition.Next is { } next; _edition = next) changed.Add(next.Changed);
        return changed;
    }

    public TermsAnswer Find(string customer, string meter, Timestamp at) => BookTerms.Find(Book, customer, meter, at);
}
