using Streams.Rating.Invoicing;

namespace Streams.Aggregators.Billing;

/// <summary>A document in the moment in which it is made, with what it is made of.</summary>
/// <param name="Account">Its contract's usage and state.</param>
/// <param name="Agreement">Its contract's terms.</param>
/// <param name="Document">Itself, with steps.</param>
/// <param name="Ordinal">The period whose usage it bills.</param>
sealed record BilledDocument(ContractAccount Account, Agreement Agreement, InvoiceDocument Document, int Ordinal);
