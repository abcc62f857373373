using Streams.Schemas;
using Streams.Streaming;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Aggregators.Summaries;

/// <summary>
/// Documents of billing in; summary journals of those that are summed up, and the others as they are, out. A stage of its own before the ledger: to the sink a journal is a
/// document like any other, and after a restored backup it is on the topic like any other.
/// </summary>
public static class SummaryTopology
{
    static readonly ByteArraySerDes Bytes = new();

    /// <param name="options">Which documents, and when.</param>
    /// <param name="schemaId">The registered id of the documents' schema; records of other ids are passed on unread.</param>
    /// <param name="input">Where billing writes.</param>
    /// <param name="output">What the ledger reads.</param>
    public static Topology Build(SummaryOptions options, int schemaId, string input = Topics.ErpEntries, string output = Topics.ErpDocuments)
    {
        options.Validate();
        var builder = new StreamBuilder();
        builder.AddStateStore(new StoreBuilder<SummaryStore>(SummaryStore.Store, () => new SummaryStore()));
        var documents = builder.Stream(input, Bytes, Bytes).MapValues(value => Sorted.Of(value, options, schemaId));
        documents.Filter((_, document) => document.Group is null).MapValues(document => document.Value).To(output, Bytes, Bytes);
        documents.Filter((_, document) => document.Group is not null).Process(() => new SummaryPart.Writer())
            .Repartition(Repartitioned<string, byte[]>.As("summary-parts").With(new StringSerDes(), Bytes))
            .Process(() => new Summariser(options, input, schemaId), named: null, SummaryStore.Store)
            .To(output, Bytes, Bytes);
        return builder.Build();
    }
}
