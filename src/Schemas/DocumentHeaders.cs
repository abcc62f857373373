namespace Streams.Schemas;

/// <summary>Headers of <see cref="Topics.ErpDocuments"/>, text in UTF-8.</summary>
public static class DocumentHeaders
{
    /// <summary>The key of the document that this one reverses. This one's own key follows from it, so that it can be neither left out nor changed.</summary>
    public const string Reverses = "streams.reverses";
}
