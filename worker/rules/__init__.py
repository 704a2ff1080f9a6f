"""Does an e-invoice keep the business rules that its receiver will hold it to?"""
