namespace Naf.Checks.Benchmarks;

/// <summary>Marks a size as an option of <c>naf bench</c>; its initial value is the default.</summary>
/// <param name="shown">Placeholder of the value in the help, such as N; empty for a flag.</param>
/// <param name="meaning">What it is, in a few words.</param>
/// <param name="most">Maximum of a whole number; the minimum is 1.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SizeAttribute(string shown, string meaning, int most = 0) : Attribute
{
    public string Shown => shown;

    public string Meaning => meaning;

    public int Most => most;
}
