namespace Naf.Checks.Benchmarks;

/// <summary>
/// Makes a property of a benchmark's sizes an option of <c>naf bench</c>; its initial value is the default.
/// </summary>
/// <param name="shown">How help shows a value, such as N; empty for a flag.</param>
/// <param name="meaning">What it is, in a few words.</param>
/// <param name="most">Of a whole number the largest; the least is 1.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SizeAttribute(string shown, string meaning, int most = 0) : Attribute
{
    public string Shown => shown;

    public string Meaning => meaning;

    public int Most => most;
}
